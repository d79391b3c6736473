import Foundation
import Testing

/// What the completion script for bash offers.
@Suite struct CompletionTests {
  @Test(arguments: [
    (["train", "mni"], "mnist"), (["train", "my-"], "my-recipe.yaml"), (["recipes", "m"], "mnist"),
    (["train", "mnist", "--on-nan", ""], "rollback"), (["train", "mnist", "--device", "c"], "cuda"),
    (["train", "mnist", "--keep-best", ""], "test-errors-of-average"), (["verify-resume", "one"], "one-dimensional"),
    (["export", "run", "--network", ""], "classifier"),
  ])
  func recipesAndValues(_ words: [String], _ offered: String) throws {
    try withEmptyFolder { folder in
      try Data().write(to: folder.appendingPathComponent("my-recipe.yaml"))
      let typed = (["gan"] + words).map { "'\($0)'" }.joined(separator: " ")
      let result = try shell(
        """
        "$0" --generate-completion-script bash >gan.bash; source gan.bash
        f=$(complete -p gan | sed 's/.*-F \\([^ ]*\\).*/\\1/')
        COMP_WORDS=(\(typed)); COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); \
        COMP_LINE="${COMP_WORDS[*]}"; COMP_POINT=${#COMP_LINE}
        $f gan "${COMP_WORDS[-1]}" "${COMP_WORDS[-2]}" 2>/dev/null; echo "${COMPREPLY[*]}"
        """, in: folder)
      #expect(
        result.output.split(whereSeparator: \.isWhitespace).contains { $0.hasPrefix(offered) }, "\(result.output)")
    }
  }
}
