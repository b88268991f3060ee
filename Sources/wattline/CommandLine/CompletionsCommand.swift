/// `wattline completions`: prints a script that completes commands and options in a shell.
enum CompletionsCommand {
  /// Shells for which a script can be printed.
  enum Shell: String, CaseIterable { case bash, zsh, fish }

  static let description = CommandDescription(
    name: "completions", summary: "prints the script by which a shell completes commands and options",
    operands: ["bash|zsh|fish"],
    examples: [
      "wattline completions bash > /usr/share/bash-completion/completions/wattline",
      "wattline completions fish > ~/.config/fish/completions/wattline.fish",
    ])

  static func run(_ arguments: Arguments) throws {
    guard let shell = Shell(rawValue: arguments.operands[0]) else {
      throw Misuse(message: "there is no script for '\(arguments.operands[0])'; there are bash, zsh and fish")
    }
    Console.print(script(shell, commands: Wattline.commands.map(\.description)))
  }

  /// Returns the script of a shell.
  static func script(_ shell: Shell, commands: [CommandDescription]) -> String {
    switch shell {
    case .bash: bash(commands)
    case .zsh: "#compdef wattline\nautoload -U +X bashcompinit && bashcompinit\n" + bash(commands)
    case .fish: fish(commands)
    }
  }

  /// Second words of commands of two words, by the first, and commands of one word.
  private static func words(_ commands: [CommandDescription]) -> [(first: String, seconds: [String])] {
    var found: [(first: String, seconds: [String])] = []
    for command in commands {
      let parts = command.name.split(separator: " ").map(String.init)
      if let place = found.firstIndex(where: { $0.first == parts[0] }) {
        found[place].seconds += parts.dropFirst()
      } else {
        found.append((parts[0], Array(parts.dropFirst())))
      }
    }
    return found
  }

  private static func bash(_ commands: [CommandDescription]) -> String {
    let words = words(commands)
    let seconds = words.filter { !$0.seconds.isEmpty }.map {
      "    \($0.first)) words=\"\($0.seconds.joined(separator: " "))\" ;;"
    }
    let options = commands.map { command in
      let names = command.options.map(\.name) + ["--help"]
      return "    \"\(command.name)\") options=\"\(names.joined(separator: " "))\" ;;"
    }
    return """
      _wattline() {
        local current="${COMP_WORDS[COMP_CWORD]}" words="" options=""
        if [ "$COMP_CWORD" -eq 1 ]; then
          COMPREPLY=($(compgen -W "\(words.map(\.first).joined(separator: " ")) --help --version" -- "$current"))
          return
        fi
        case "${COMP_WORDS[1]}" in
      \(seconds.joined(separator: "\n"))
        esac
        local name="${COMP_WORDS[1]}"
        case " $words " in *" ${COMP_WORDS[2]} "*) name="$name ${COMP_WORDS[2]}" ;; esac
        case "$name" in
      \(options.joined(separator: "\n"))
        esac
        [ "$COMP_CWORD" -eq 2 ] || words=""
        case "$current" in
          -*) COMPREPLY=($(compgen -W "$options" -- "$current")) ;;
          *) COMPREPLY=($(compgen -W "$words" -- "$current") $(compgen -f -- "$current")) ;;
        esac
      }
      complete -o filenames -F _wattline wattline
      """
  }

  private static func fish(_ commands: [CommandDescription]) -> String {
    func quoted(_ text: String) -> String { "'" + text.replacing("'", with: "\\'") + "'" }
    var lines = ["complete -c wattline -n __fish_use_subcommand -l version -d 'prints the version'"]
    for command in commands {
      let parts = command.name.split(separator: " ").map(String.init)
      let seen = parts.dropLast().map { "__fish_seen_subcommand_from \($0)" }.first ?? "__fish_use_subcommand"
      lines.append("complete -c wattline -n '\(seen)' -a \(parts[parts.count - 1]) -d \(quoted(command.summary))")
      let condition = parts.map { "__fish_seen_subcommand_from \($0)" }.joined(separator: "; and ")
      for option in command.options {
        let value = option.value == nil ? "" : " -r"
        lines.append(
          "complete -c wattline -n '\(condition)' -l \(option.name.dropFirst(2))\(value) -d \(quoted(option.help))")
      }
    }
    return lines.joined(separator: "\n")
  }
}
