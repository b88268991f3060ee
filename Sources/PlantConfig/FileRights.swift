import Foundation
import Glibc

/// Words about files that the process may not read: whose they are, and the command that admits it.
enum FileRights {
  /// Returns why a path is denied to this process and what admits it; `nil` if its rights are not the reason.
  static func remedy(_ path: String) -> String? {
    if geteuid() == 0 { return nil }
    var status = stat()
    guard stat(path, &status) == 0 else {
      return errno == EACCES ? closedFolder(above: path).map { remedy($0, isFolder: true) } : nil
    }
    return access(path, R_OK) == 0 ? nil : remedy(path, isFolder: false)
  }

  /// Returns the first folder on the way to a path that this process may not enter.
  private static func closedFolder(above path: String) -> String? {
    var folder = ""
    for part in FilePath.absolute(path).split(separator: "/").dropLast() {
      folder += "/" + part
      if access(folder, X_OK) != 0 { return folder }
    }
    return nil
  }

  private static func remedy(_ path: String, isFolder: Bool) -> String {
    var status = stat()
    guard stat(path, &status) == 0 else { return "look at the rights of \(path)" }
    let owner = "\(user(status.st_uid)):\(group(status.st_gid))"
    let digits = String(status.st_mode & 0o7777, radix: 8)
    let mode = String(repeating: "0", count: max(0, 4 - digits.count)) + digits
    let facts =
      "\(isFolder ? "the folder \(path)" : "it") has mode \(mode) and belongs to \(owner), and this is user "
      + "\(user(geteuid()))"
    return command(path, status: status, isFolder: isFolder).map { "\(facts): \($0)" }
      ?? "\(facts), whom the mode admits; look at access lists (getfacl), AppArmor and the sandbox of the unit"
  }

  /// Returns the command that admits this process by owner or group; `nil` if the mode admits it already.
  private static func command(_ path: String, status: stat, isFolder: Bool) -> String? {
    let (right, bit) = isFolder ? ("x", mode_t(0o1)) : ("r", mode_t(0o4))
    let name = quoted(path)
    if status.st_uid == geteuid() {
      return status.st_mode & (bit << 6) == 0 ? "sudo chmod u+\(right) \(name)" : nil
    }
    if isMember(of: status.st_gid) {
      return status.st_mode & (bit << 3) == 0 ? "sudo chmod g+\(right) \(name)" : nil
    }
    if status.st_mode & bit != 0 { return nil }
    return "sudo chgrp \(quoted(group(getegid()))) \(name) && sudo chmod g+\(right) \(name)"
  }

  private static func isMember(of group: gid_t) -> Bool {
    if getegid() == group { return true }
    var groups = [gid_t](repeating: 0, count: Int(max(0, getgroups(0, nil))))
    let count = getgroups(Int32(groups.count), &groups)
    return groups.prefix(Int(max(0, count))).contains(group)
  }

  private static func user(_ id: uid_t) -> String {
    getpwuid(id).map { String(cString: $0.pointee.pw_name) } ?? "\(id)"
  }

  private static func group(_ id: gid_t) -> String {
    getgrgid(id).map { String(cString: $0.pointee.gr_name) } ?? "\(id)"
  }

  /// Returns a text as one word of a shell.
  private static func quoted(_ text: String) -> String {
    let isPlain = text.utf8.allSatisfy { byte in
      (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
        || "/._-+:@%".utf8.contains(byte)
    }
    return isPlain && !text.isEmpty ? text : "'" + text.replacingOccurrences(of: "'", with: "'\\''") + "'"
  }
}
