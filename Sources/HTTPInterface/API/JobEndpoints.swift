import Accounts
import WattlineTime
import WebServer

/// Jobs of the interface.
struct JobEndpoints: Sendable {
  let api: API

  /// A job as the interface writes it.
  struct Document {
    static let schema = Schema.object([
      "id": .string, "kind": .string, "plant": .optional(.string), "community": .optional(.string), "owner": .string,
      "created": .time,
      "state": .word(Jobs.State.allCases.map(\.rawValue)), "progress": .number, "started": .optional(.time),
      "ended": .optional(.time), "error": .optional(.string), "result": .optional(.any),
    ])

    /// Returns a job as JSON.
    static func bytes(_ job: Jobs.Job, withResult: Bool) -> [UInt8] {
      var members: [(String, [UInt8])] = []
      func add(_ name: String, _ text: String?) {
        guard let text else { return }
        var bytes: [UInt8] = []
        JSONText.append(text.utf8, to: &bytes)
        members.append((name, bytes))
      }
      add("id", job.id)
      add("kind", job.kind)
      add(job.members == nil ? "plant" : "community", job.plant)
      add("owner", job.owner)
      add("created", job.created.description)
      add("state", job.state.rawValue)
      members.append(("progress", Array("\((job.progress * 1_000).rounded() / 1_000)".utf8)))
      add("started", job.started?.description)
      add("ended", job.ended?.description)
      add("error", job.error)
      if withResult, let result = job.result { members.append(("result", result)) }
      var bytes = Array("{".utf8)
      for (number, member) in members.enumerated() {
        bytes += Array("\(number > 0 ? "," : "")\"\(member.0)\":".utf8) + member.1
      }
      return bytes + Array("}".utf8)
    }

    /// Returns the response to a job that was submitted.
    static func accepted(_ job: Jobs.Job?) throws(Problem) -> HTTPResponse {
      guard let job else {
        throw Problem(503, "\(Jobs.mostWaiting) jobs wait already, or \(Jobs.mostOfOwner) of yours; ask again later")
      }
      var response = HTTPResponse(202, contentType: "application/json", body: bytes(job, withResult: false))
      response.headers.append(("location", "/api/v1/jobs/\(job.id)"))
      return response
    }
  }

  var endpoints: [Endpoint] { [list, one, cancel] }

  private func visible(_ call: Call) -> [Jobs.Job] {
    api.jobs.all.filter { job in
      (job.owner == call.user || call.principal?.may(.readAudit) == true)
        && Self.may(Self.actions(of: job).read, job: job, call: call)
    }
  }

  /// The actions that read and run a job, whose rights its owner must still have.
  private static func actions(of job: Jobs.Job) -> (read: Action, run: Action) {
    job.kind == "report" ? (.readReports, .runReports) : (.readScenarios, .runScenarios)
  }

  private static func may(_ action: Action, job: Jobs.Job, call: Call) -> Bool {
    (job.members ?? [job.plant]).allSatisfy { call.may(action, on: $0) }
  }

  private func find(_ call: Call) throws(Problem) -> Jobs.Job {
    guard let job = visible(call).first(where: { $0.id == call.parameter("id") }) else {
      throw Problem(404, "you have no job '\(call.parameter("id").prefix(100))'; they are kept for an hour")
    }
    return job
  }

  private var list: Endpoint {
    Endpoint(
      path: "/api/v1/jobs", id: "listJobs", group: "jobs", summary: "your jobs",
      details: "Oldest first, without their results. An admin sees all.", access: .known,
      parameters: [.limit, .cursor],
      responses: [.json("The jobs.", .page(Document.schema))],
      answer: { call throws(Problem) in
        let page = try Page(visible(call).map(\.id), call: call)
        let jobs = visible(call).filter { page.items.contains($0.id) }
        var body = Array(#"{"items":["#.utf8)
        body += jobs.map { Document.bytes($0, withResult: false) }.joined(separator: [UInt8(ascii: ",")])
        body += Array((page.next.map { #"],"next":"\#($0)"}"# } ?? "]}").utf8)
        return HTTPResponse(200, contentType: "application/json", body: body)
      })
  }

  private var one: Endpoint {
    Endpoint(
      path: "/api/v1/jobs/{id}", id: "getJob", group: "jobs", summary: "a job with its progress and result",
      details: "`result` is there once the state is `done`, `error` once it is `failed`.", access: .known,
      responses: [.json("The job.", Document.schema)],
      answer: { call throws(Problem) in
        HTTPResponse(200, contentType: "application/json", body: Document.bytes(try find(call), withResult: true))
      })
  }

  private var cancel: Endpoint {
    Endpoint(
      method: "POST", path: "/api/v1/jobs/{id}/cancel", id: "cancelJob", group: "jobs", summary: "ends a job",
      details: "A job that runs ends at its next step.", access: .known,
      responses: [.json("It ends.", Document.schema, status: 202)], problems: [409],
      answer: { call throws(Problem) in
        let job = try find(call)
        guard Self.may(Self.actions(of: job).run, job: job, call: call) else {
          throw Problem(403, "ending this job needs the scope \(Scope.run.rawValue)")
        }
        guard api.jobs.cancel(job.id) else { throw Problem(409, "the job has ended") }
        return HTTPResponse(
          202, contentType: "application/json", body: Document.bytes(try find(call), withResult: false))
      })
  }
}
