public import Settings
public import WattlineTime

/// The plants of an account or a key.
public enum PlantScope: Hashable, Sendable, CustomStringConvertible {
  /// All plants, also those to come.
  case all
  /// The plants of these names.
  case some(Set<String>)

  /// Returns whether a plant is among them.
  public func contains(_ plant: String) -> Bool {
    switch self {
    case .all: true
    case .some(let names): names.contains(plant)
    }
  }

  /// Returns the plants that are in both.
  public func intersection(_ other: PlantScope) -> PlantScope {
    switch (self, other) {
    case (.all, let scope), (let scope, .all): scope
    case (.some(let own), .some(let others)): .some(own.intersection(others))
    }
  }

  /// The names in order, `nil` for all plants.
  public var names: [String]? {
    switch self {
    case .all: nil
    case .some(let names): names.sorted()
    }
  }

  /// The names with commas, `all` for all plants.
  public var description: String { names.map { $0.isEmpty ? "none" : $0.joined(separator: ",") } ?? "all" }
}

/// A person or a program that may use the interface.
public struct Account: Hashable, Sendable {
  /// Name: 1 to 64 letters, digits and `.`, `_`, `-` of ASCII.
  public var name: String
  /// The rights of the account.
  public var role: Role
  /// On which plants. An admin has all.
  public var plants: PlantScope
  /// Whether it can log in by a password; a service without one has keys alone.
  public internal(set) var hasPassword = false
  /// When it was made.
  public internal(set) var created = Timestamp(seconds: 0)

  /// Creates an account.
  ///
  /// - Parameters:
  ///   - name: Its name.
  ///   - role: What it may do.
  ///   - plants: On which plants.
  public init(name: String, role: Role, plants: PlantScope = .all) {
    (self.name, self.role, self.plants) = (name, role, plants)
  }

  /// Returns what is wrong with a name; `nil` if nothing is.
  public static func mistake(inName name: String) -> String? {
    let isPlain = name.utf8.allSatisfy { byte in
      (0x30...0x39) ~= byte || (0x41...0x5A) ~= byte || (0x61...0x7A) ~= byte || [0x2E, 0x5F, 0x2D].contains(byte)
    }
    if isPlain, (1...64).contains(name.utf8.count) { return nil }
    return "a name has 1 to 64 letters, digits, dots, underscores and dashes, such as anna.berg"
  }

  /// The fault of role and plants; `nil` if there is none.
  var mistake: String? {
    if let mistake = Self.mistake(inName: name) { return mistake }
    if role == .admin, plants != .all { return "an admin has all plants; leave the plants out, or choose operator" }
    if plants == .some([]) { return "an account needs at least one plant" }
    return nil
  }
}

/// An API key, without its secret.
public struct APIKey: Hashable, Sendable {
  /// Identification, such as `k5hx2qwz`.
  public var id: String
  /// Account that it acts for.
  public var owner: String
  /// Name, unique for its owner.
  public var name: String
  /// The scopes of the key, within the rights of its owner.
  public var scopes: Set<Scope>
  /// On which of its owner's plants.
  public var plants: PlantScope
  /// When it was made.
  public var created: Timestamp
  /// When it ends; `nil` for never.
  public var expires: Timestamp?
}

/// A new API key with its secret, which is shown once and kept by no one.
public struct NewAPIKey: Sendable {
  /// The key.
  public var key: APIKey
  /// The text that clients send: `wl_` and 43 characters.
  public var secret: Secret
}

/// The proven identity behind a request.
public struct Principal: Hashable, Sendable {
  /// How it was proven.
  public enum Method: String, Hashable, Sendable {
    /// By an access token of a login.
    case session
    /// By an API key.
    case key
    /// By a token of an outside issuer.
    case issuer
  }

  /// Name of the account; of an outside issuer's user `NAME@HOST`.
  public var name: String
  /// The rights of the account.
  public var role: Role
  /// On which plants.
  public var plants: PlantScope
  /// The scopes of the request's key or session.
  public var scopes: Set<Scope>
  /// How it was proven.
  public var method: Method
  /// Identification of the session, the key or the token.
  public var tokenID: String

  /// Returns whether the principal may take an action.
  ///
  /// - Parameters:
  ///   - action: The action.
  ///   - plant: The plant that it is about; `nil` if it is about none, or about those that ``plants`` has.
  public func may(_ action: Action, on plant: String? = nil) -> Bool {
    role.allows(action) && scopes.contains(action.scope) && (plant.map(plants.contains) ?? true)
      && (plants == .all || !action.concernsAllPlants)
  }
}

/// The author of a change and the address, as the audit has them.
public struct Requester: Hashable, Sendable {
  /// Name of the account, or `cli:USER` at the command line.
  public var user: String
  /// Address of the client; empty at the command line.
  public var address: String

  /// Creates a requester.
  public init(user: String, address: String) { (self.user, self.address) = (user, address) }
}

/// Reason why accounts cannot be read or changed, with the remedy.
public struct AccountError: Error, Equatable, CustomStringConvertible {
  /// Kind of the reason.
  public enum Kind: Sendable {
    /// The given value is wrong.
    case invalid
    /// There is no such account or key.
    case missing
    /// There is one already.
    case exists
    /// It would lock everybody out.
    case lastAdmin
    /// The file cannot be read or written.
    case unavailable
  }

  /// Kind of the reason.
  public let kind: Kind
  /// The reason in one sentence. It never has a secret.
  public let description: String

  init(_ kind: Kind, _ description: String) { (self.kind, self.description) = (kind, description) }
}
