import CurlTransport
import Foundation
import PayloadDecoding
import PlantModel
import SystemCore
import WattlineTime

/// Something that fetches what a source has.
protocol Fetcher: AnyObject {
  /// Fetches a span.
  ///
  /// - Parameters:
  ///   - span: The span.
  ///   - intake: Receives what is fetched.
  ///   - isOver: Tells whether the fetch is to end.
  /// - Returns: The number of new and unreadable rows.
  func fetch(
    _ span: ClosedRange<Timestamp>, into intake: SourceIntake, isOver: @escaping @Sendable () -> Bool
  ) throws(FetchError) -> FetchResult
}

/// Requests to an HTTP server, page by page.
///
/// A page counts as a whole or not at all. The cursor moves once the last page is taken. A fetch that breaks off is
/// repeated, and what it has taken is known then.
final class HTTPFetcher: Fetcher {
  private let access: HTTPAccess
  private let directory: String
  private let address: TimeTemplate?
  private let body: TimeTemplate?
  private let tokens: OAuthTokens?
  private var calendar: LocalCalendar
  private var client: PageClient?
  /// Mark of the last whole answer to an address without times.
  private var tag: String?

  /// Most pages of a fetch.
  private static let mostPages = 100_000
  /// Tries of one page.
  private static let mostTries = 4
  /// Longest wait before a page is tried again within a fetch.
  private static let longestWait = TimeSpan.seconds(5)

  /// Creates a fetcher.
  ///
  /// - Parameters:
  ///   - access: The server.
  ///   - directory: Folder of the configuration, from which relative paths start.
  ///   - calendar: Clock of the plant.
  ///   - folder: Folder of the source's state; `nil` for none.
  init(_ access: HTTPAccess, directory: String, calendar: LocalCalendar, folder: String? = nil) {
    tokens = access.oauth.map { oauth in
      OAuthTokens(oauth, directory: directory, folder: folder, caFile: access.caFile, timeout: access.timeout)
    }
    (self.access, self.directory, self.calendar) = (access, directory, calendar)
    address = try? TimeTemplate(access.url)
    body = access.body.flatMap { try? TimeTemplate($0, allowsBraces: true) }
  }

  func fetch(
    _ span: ClosedRange<Timestamp>, into intake: SourceIntake, isOver: @escaping @Sendable () -> Bool
  ) throws(FetchError) -> FetchResult {
    guard let address else { throw .passing("the address cannot be read") }
    var page = address.text(of: span, calendar: &calendar, isAddress: true)
    let payload = body.map { Array($0.text(of: span, calendar: &calendar).utf8) }
    let headers = try headers()
    var count = 0
    if let counter = access.counter { page = try Self.counted(page, counter, records: 0, pages: 0) }
    var (result, seen, newTag): (FetchResult, Set<String>, String?) = (FetchResult(), [page], nil)
    while true {
      guard let answer = try answer(page, headers: headers, body: payload, isOver: isOver) else { return result }
      if seen.count == 1 { newTag = answer.headers["etag"] }
      try take(answer.body, from: page, into: intake, result: &result)
      if let counter = access.counter {
        let records = try records(of: answer.body, source: intake.source)
        if records == 0 { break }
        count += records
        page = try Self.counted(page, counter, records: count, pages: seen.count)
        seen.insert(page)
        guard seen.count <= Self.mostPages else { throw .passing("there are more than \(Self.mostPages) pages") }
        continue
      }
      guard let next = try next(after: answer, from: page) else { break }
      guard seen.insert(next).inserted else { throw .passing("the page \(next) names a page before it as the next") }
      guard seen.count <= Self.mostPages else { throw .passing("there are more than \(Self.mostPages) pages") }
      page = next
    }
    // With pages, the mark of the first says nothing of the others.
    tag = seen.count == 1 && payload == nil && !address.hasTimes ? newTag : nil
    return result
  }

  private func headers() throws(FetchError) -> [(name: String, text: String)] {
    var headers: [(name: String, text: String)] = []
    for (name, header) in access.headers.sorted(by: { $0.key < $1.key }) {
      headers.append((name, try header.content(directory: directory, name: "the header \(name)")))
    }
    if body != nil, !headers.contains(where: { $0.name.lowercased() == "content-type" }) {
      headers.append(("Content-Type", "application/json"))
    }
    return headers
  }

  /// Returns the address of the next page by its count.
  private static func counted(
    _ page: String, _ counter: PageCounter, records: Int, pages: Int
  ) throws(FetchError) -> String {
    let (name, value) =
      switch counter {
      case .page(let name): (name, pages + 1)
      case .offset(let name): (name, records)
      }
    guard let next = PageLinks.setting(name, to: "\(value)", in: page) else {
      throw .passing("the address '\(page)' takes no parameter")
    }
    return next
  }

  /// Returns the number of records of a page.
  private func records(of body: [UInt8], source: DataSource) throws(FetchError) -> Int {
    if source.hasHeadings { return max(0, TextRows.whole(body, isLast: true).lines.count { !$0.isEmpty } - 1) }
    let document = try? JSONSerialization.jsonObject(with: Data(body), options: [.fragmentsAllowed])
    guard let document, let list = PageLinks.value(at: source.rule.each ?? "/", of: document) as? [Any] else {
      throw .passing("pages are counted by their records, and '\(source.rule.each ?? "/")' is no list")
    }
    return list.count
  }

  // MARK: Answers

  private struct Answer {
    var body: [UInt8]
    var headers: [String: String]
  }

  /// Returns a whole answer; `nil` if nothing has changed since the last.
  private func answer(
    _ page: String, headers: [(name: String, text: String)], body: [UInt8]?, isOver: @escaping @Sendable () -> Bool
  ) throws(FetchError) -> Answer? {
    var backoff = Backoff(shortest: .milliseconds(500), longest: Self.longestWait)
    var tries = 0
    while true {
      tries += 1
      do throws(FetchError) {
        guard let tokens else { return try send(page, headers: headers, body: body, isOver: isOver) }
        let isOld = tokens.hasToken
        let all = headers + [try tokens.header(isOver: isOver)]
        do throws(FetchError) { return try send(page, headers: all, body: body, isOver: isOver) } catch {
          // A token may be worth nothing before its end.
          tokens.forget()
          guard error.kind == .refused, isOld else { throw error }
          return try send(page, headers: headers + [try tokens.header(isOver: isOver)], body: body, isOver: isOver)
        }
      } catch {
        guard error.isBrief, tries < Self.mostTries, (error.wait ?? .zero) <= Self.longestWait else {
          throw error
        }
        let wait = Monitor.Deadline(in: max(backoff.next(), error.wait ?? .zero))
        while !wait.hasPassed {
          if isOver() { throw FetchError(kind: .stopped, words: "stopped") }
          usleep(50_000)
        }
      }
    }
  }

  private func send(
    _ page: String, headers: [(name: String, text: String)], body: [UInt8]?, isOver: @escaping @Sendable () -> Bool
  ) throws(FetchError) -> Answer? {
    if client == nil {
      let authority = access.caFile
      client = PageClient(url: page, caFile: authority, timeout: access.timeout, longestBody: access.longestPage)
    }
    guard let client else { throw .passing("libcurl cannot be started") }
    client.shouldAbort = isOver
    let known = tag.map { [("If-None-Match", $0)] } ?? []
    let answer = client.send(page, headers: headers + known, body: body)
    if isOver() { throw FetchError(kind: .stopped, words: "stopped") }
    let server = URL(string: page)?.host ?? page
    switch answer {
    case .none(let reason): throw .passing("\(server): \(reason)", isBrief: true)
    case .tooLong:
      throw .passing("\(server): a page has more than \(access.longestPage / 1_000_000) MB; raise limit_mb")
    case .answer(200...299, let body, let headers): return Answer(body: body, headers: headers)
    case .answer(304, _, _): return nil
    case .answer(let status, _, let headers):
      let wait = headers["retry-after"].flatMap { RetryAfter.span($0, now: SystemClock.now()) }
      switch status {
      case 401, 403: throw FetchError(kind: .refused, words: "\(server) refuses the credentials (status \(status))")
      case 300...399:
        throw .passing("\(server) has moved it to \(headers["location"] ?? "elsewhere"); write that address")
      default:
        let isBrief = status >= 500 || [408, 425, 429].contains(status)
        throw .passing("\(server) answers with status \(status)", wait: wait, isBrief: isBrief)
      }
    }
  }

  // MARK: Pages

  private func take(
    _ body: [UInt8], from page: String, into intake: SourceIntake, result: inout FetchResult
  ) throws(FetchError) {
    var news = SourceIntake.News()
    if intake.source.hasHeadings {
      try TableReader.read(body, into: intake, news: &news, result: &result)
    } else {
      if let each = intake.source.rule.each, each.hasPrefix("/"), each != "/", !each.contains("*"), !each.contains("{"),
        let document = try? JSONSerialization.jsonObject(with: Data(body), options: [.fragmentsAllowed]),
        PageLinks.value(at: each, of: document) == nil
      {
        let members = (document as? [String: Any])?.keys.sorted().prefix(20).joined(separator: ", ") ?? "no members"
        throw .passing("the answer has nothing at '\(each)'; it has \(members)")
      }
      let refusal = try reading(body, into: intake, news: &news)
      if let refusal, try !takeRecords(of: body, into: intake, news: &news, result: &result) {
        let start = String(decoding: body.prefix(60), as: UTF8.self).filter { !$0.isNewline }
        throw .passing("the answer cannot be read (\(refusal.rawValue)); it begins with: \(start)")
      }
    }
    try intake.append(news)
    result.add(news)
  }

  /// Reads the records of a page that is refused as a whole one by one.
  ///
  /// - Returns: `false` if the page is no list of records, or none of them can be read.
  private func takeRecords(
    of body: [UInt8], into intake: SourceIntake, news: inout SourceIntake.News, result: inout FetchResult
  ) throws(FetchError) -> Bool {
    guard let each = intake.source.rule.each, !each.contains("*"),
      let document = try? JSONSerialization.jsonObject(with: Data(body), options: [.fragmentsAllowed]),
      let records = PageLinks.value(at: each, of: document) as? [Any], records.count > 1
    else { return false }
    var unreadable = FetchResult()
    for (position, record) in records.enumerated() {
      guard
        let page = PageLinks.replacing(each, in: document, with: [record]),
        let bytes = try? JSONSerialization.data(withJSONObject: page, options: [.fragmentsAllowed])
      else { return false }
      guard let refusal = try reading(Array(bytes), into: intake, news: &news) else { continue }
      unreadable.unreadable += 1
      if unreadable.hint == nil { unreadable.hint = "record \(position + 1) of a page (\(refusal.rawValue))" }
    }
    if unreadable.unreadable == records.count { return false }
    result.unreadable += unreadable.unreadable
    if result.hint == nil { result.hint = unreadable.hint }
    return true
  }

  private func reading(
    _ body: [UInt8], into intake: SourceIntake, news: inout SourceIntake.News
  ) throws(FetchError) -> RefusalReason? {
    let outcome = body.withUnsafeBytes { bytes in
      Result { () throws(FetchError) in try intake.read(bytes, into: &news) }
    }
    return try outcome.get()
  }

  /// Returns the address of the next page; `nil` after the last.
  private func next(after answer: Answer, from page: String) throws(FetchError) -> String? {
    var link = answer.headers["link"].flatMap(PageLinks.next(inHeader:))
    if let pointer = access.next {
      let document = try? JSONSerialization.jsonObject(with: Data(answer.body), options: [.fragmentsAllowed])
      link = nil
      switch document.flatMap({ PageLinks.value(at: pointer, of: $0) }) {
      case nil, is NSNull: return nil
      case let text as String: link = text
      case let number as NSNumber where access.cursor != nil: link = number.stringValue
      default: throw .passing("'\(pointer)' is no text; 'next' names the place of an address or cursor")
      }
      if let name = access.cursor, let value = link, !value.isEmpty {
        link = PageLinks.setting(name, to: value, in: page)
      }
    }
    guard let link, !link.isEmpty else { return nil }
    guard let next = PageLinks.resolved(link, from: page) else {
      throw .passing("the next page's address '\(link)' is none")
    }
    guard PageLinks.isSameServer(page, next) else {
      throw .passing("the next page '\(next)' is at another server, which gets no credentials of this one")
    }
    return next
  }
}

/// Reader of a whole table with headings.
enum TableReader {
  /// Reads rows.
  ///
  /// - Parameters:
  ///   - body: The table, the line of headings first.
  ///   - intake: Decodes the rows.
  ///   - news: Receives what is new.
  ///   - result: Receives the number of rows that cannot be read.
  static func read(
    _ body: [UInt8], into intake: SourceIntake, news: inout SourceIntake.News, result: inout FetchResult
  ) throws(FetchError) {
    let (lines, _) = TextRows.whole(body, isLast: true)
    guard let first = lines.firstIndex(where: { !$0.isEmpty }) else { return }
    let headings = ColumnHeadings(
      String(decoding: body[lines[first]], as: UTF8.self), separator: intake.source.rule.separator)
    for (number, line) in lines.enumerated().dropFirst(first + 1) where !line.isEmpty {
      try row(body[line], number: number + 1, headings: headings, into: intake, news: &news, result: &result)
    }
  }

  /// Reads a row.
  ///
  /// - Parameters:
  ///   - row: The row.
  ///   - number: Number of its line, from 1.
  ///   - headings: Headings of the table; `nil` for a document in a line.
  ///   - intake: Decodes the row.
  ///   - news: Receives what is new.
  ///   - result: Counts a row that cannot be read.
  static func row(
    _ row: ArraySlice<UInt8>, number: Int, headings: ColumnHeadings?, into intake: SourceIntake,
    news: inout SourceIntake.News, result: inout FetchResult
  ) throws(FetchError) {
    let before = news.rows
    let outcome = row.withUnsafeBytes { bytes in
      Result { () throws(FetchError) in try intake.read(bytes, headings: headings, into: &news) }
    }
    let refusal = try outcome.get()
    // A line is a row, whatever it has.
    news.rows = before + (news.rows > before ? 1 : 0)
    guard let refusal else { return }
    result.unreadable += 1
    if result.hint == nil { result.hint = "line \(number) cannot be read (\(refusal.rawValue))" }
  }
}
