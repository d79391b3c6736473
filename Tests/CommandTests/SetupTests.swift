import Foundation
import Testing

/// `Scripts/setup` where the user's settings of pip would be in its way.
@Suite struct SetupTests {
  @Test func settingsOfPipDoNotMatter() throws {
    try withEmptyFolder { folder in
      let script = GanProcess.package.appendingPathComponent("Scripts/setup").path
      let result = try shell(
        """
        mkdir -p project/Scripts fake; cp '\(script)' project/Scripts/; \
        real=$(command -v python3) || { echo none; exit; }
        cat >fake/python3 <<P
        #!/bin/bash
        case "\\$*" in
          *'-m pip install'*)
            [ "\\${PIP_USER:-0}" = 0 ] && [ "\\${PIP_REQUIRE_VIRTUALENV:-0}" = 0 ] && [ -z "\\${PIP_PREFIX:-}" ] \
        || exit 1
            while [ \\$# -gt 1 ]; do [ "\\$1" = --target ] && t=\\$2; shift; done
            mkdir -p "\\$t/torch/include/torch/csrc/api/include/torch" "\\$t/torch/lib" "\\$t/plotly/package_data"
            touch "\\$t/plotly/package_data/plotly.min.js" ;;
          *) exec $real "\\$@" ;;
        esac
        P
        chmod +x fake/python3; cd project
        PIP_USER=1 PIP_REQUIRE_VIRTUALENV=1 PIP_PREFIX=/usr PATH=$PWD/../fake:$PATH Scripts/setup
        """, in: folder, environment: ["XDG_CACHE_HOME": folder.path, "TORCH_HOME": ""])
      #expect(result.status == 0, "\(result.output)\(result.errors)")
    }
  }
}
