import PlantModel
import Testing

@testable import AssetCommands

@Suite("Lifecycle of commands")
struct CommandLifecycleTests {
  private typealias Transition = CommandLifecycle.Transition

  private static func next(
    _ state: Command.State, action: Command.Action, fulfilled: Bool = false, expired: Bool = false,
    responseOver: Bool = false
  ) -> Transition? {
    CommandLifecycle.next(
      state, action: action,
      observation: CommandLifecycle.Observation(
        isFulfilled: fulfilled, isExpired: expired, isResponseOver: responseOver))
  }

  @Test func `a command that ended does not change, whatever is observed`() {
    for state in [Command.State.followed, .rejected, .expired, .refused] {
      for action in Command.Action.allCases {
        #expect(Self.next(state, action: action, fulfilled: true, expired: true, responseOver: true) == nil)
      }
    }
  }

  @Test func `a command that waits for a person expires, and no behaviour of the asset fulfils it`() {
    #expect(Self.next(.awaiting, action: .optimize, fulfilled: true, responseOver: true) == nil)
    #expect(Self.next(.awaiting, action: .startup, expired: true) == Transition(state: .expired))
    #expect(CommandLifecycle.next(.awaiting, answer: .confirm, isExpired: true) == nil)
    #expect(CommandLifecycle.next(.issued, answer: .reject, isExpired: false) == nil)
  }

  @Test func `an asset in time fulfils its command; late it does not, and a shutdown that failed counts as not done`() {
    #expect(
      Self.next(.issued, action: .optimize, fulfilled: true, responseOver: true)
        == Transition(state: .followed, switching: .done))
    #expect(Self.next(.issued, action: .optimize) == nil)
    #expect(Self.next(.issued, action: .optimize, responseOver: true) == Transition(state: .notFollowed))
    #expect(
      Self.next(.issued, action: .shutdown, responseOver: true)
        == Transition(state: .notFollowed, switching: .undone))
    #expect(Self.next(.issued, action: .hold, fulfilled: true, expired: true, responseOver: true) == nil)
  }

  @Test func `advice and a start are never called not followed, and a start that was told counts as done at its end`() {
    #expect(Self.next(.advised, action: .shutdown, responseOver: true) == nil)
    #expect(Self.next(.advised, action: .shutdown, expired: true) == Transition(state: .expired))
    #expect(Self.next(.issued, action: .startup, responseOver: true) == nil)
    #expect(
      Self.next(.issued, action: .startup, expired: true) == Transition(state: .expired, switching: .done))
  }

  @Test func `a command that was not followed may still be, within its time`() {
    #expect(Self.next(.notFollowed, action: .optimize, fulfilled: true)?.state == .followed)
    #expect(Self.next(.notFollowed, action: .optimize, fulfilled: true, expired: true) == nil)
    #expect(CommandLifecycle.closed(.notFollowed) == .expired && CommandLifecycle.closed(.issued) == nil)
  }
}
