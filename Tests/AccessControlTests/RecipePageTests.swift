import AccessControl
import Foundation
import PlantConfig
import PlantModel
import PlantTesting
import Testing

/// The access lists beside the recipes by device.
@Suite("the page of recipes")
struct RecipePageTests {
  /// A recipe: its rules, and the lines of the access list beside them.
  struct Recipe {
    var title: String
    var rules = ""
    var lines: [String] = []
  }

  private static let page = PackageFolder.root().appendingPathComponent("pipelines/README.md")

  private static func recipes(_ text: String) -> [Recipe] {
    var recipes: [Recipe] = []
    var block = ""
    for line in text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init) {
      if line == "```" {
        block = ""
      } else if line.hasPrefix("```"), block.isEmpty {
        block = String(line.dropFirst(3))
      } else if block.isEmpty, line.hasPrefix("### ") {
        recipes.append(Recipe(title: String(line.dropFirst(4))))
      } else if block == "yaml", !recipes.isEmpty {
        recipes[recipes.count - 1].rules += line + "\n"
      } else if block == "acl", !recipes.isEmpty {
        recipes[recipes.count - 1].lines.append(line)
      }
    }
    return recipes
  }

  /// Returns the anchor of a heading.
  private static func anchor(_ title: String) -> String {
    String(title.lowercased().filter { $0.isLetter || $0.isNumber || "- ".contains($0) }).replacing(" ", with: "-")
  }

  @Test func `each recipe by device has the access list that wattline acl prints`() throws {
    let text = try String(contentsOf: Self.page, encoding: .utf8)
    let recipes = Self.recipes(text)
    let section = text.components(separatedBy: "\n## Recipes by device\n").last?
      .components(separatedBy: "\n## ").first
    let linked = Set(
      try #require(section).matches(of: #/\| `[^`]+` \| \[[^\]]+\]\(#([^)]+)\) \|/#).map { String($0.1) })
    #expect(linked.count > 15)
    for anchor in linked {
      let recipe = try #require(recipes.first { Self.anchor($0.title) == anchor }, "no heading for \(anchor)")
      var file = "plant: p\nlocation: {latitude: 48.14, longitude: 11.58, timezone: Europe/Berlin}\n"
      file += (recipe.rules.hasPrefix("-") ? "topics:\n" : "") + recipe.rules
      let loaded = ConfigurationLoader.load(files: [("p.yaml", Array(file.utf8))], environment: [:]) { _ in nil }
      let plant = try #require(loaded.plants.first)
      #expect(recipe.lines == PlantTopics(plant).deviceGrants.map(\.line), "\(recipe.title)")
      let printed = try AccessList(plants: [plant], user: "wattline", clientID: "wattline").text.split(separator: "\n")
      #expect(recipe.lines.allSatisfy { line in printed.contains { $0 == line } }, "\(recipe.title)")
    }
  }
}
