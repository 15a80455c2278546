#include "checks/lint_config.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

using namespace patchmill::checks;

namespace {

using Values = std::vector<std::string>;

}  // namespace

TEST_CASE("checks::values_of_key: the forms of YAML and TOML") {
  CHECK(values_of_key("---\nextends: ./a b.yaml # why\n", "extends") == Values{"./a b.yaml"});
  CHECK(values_of_key("\"extends\" : 'a#b.yaml'\r\n", "extends") == Values{"a#b.yaml"});
  CHECK(values_of_key("{extends: base.yaml, rules: {}}\n", "extends") == Values{"base.yaml"});
  CHECK(values_of_key("f:\n  - x\nextends:\n  # why\n  - a\n\n  - 'b'\nrules: {}\n", "extends") ==
        Values{"a", "b"});
  CHECK(values_of_key("k: [a, \"b\",\n  c]\nl: [d]\n", "k") == Values{"a", "b", "c"});
  CHECK(values_of_key("[tool.ruff]\nextend = \"../ruff.toml\"\nextend-exclude = [\"x\"]\n",
                      "extend") == Values{"../ruff.toml"});
  CHECK(values_of_key("tool.ruff.extend = 'a.toml'\n", "extend") == Values{"a.toml"});
  CHECK(values_of_key("# extends: a\nmy-extends: b\nextends\n", "extends").empty());
  CHECK(values_of_key("extends: [", "extends").empty());
  CHECK(values_of_key("extends: \"", "extends").empty());
  CHECK(values_of_key("extends:", "extends").empty());
  std::string many = "k:\n";
  for (int i = 0; i < 5000; ++i) {
    many += "- a\n";
  }
  CHECK(values_of_key(many, "k").size() == 100);
}

TEST_CASE("checks::path_in_tree: nothing leads out of the tree") {
  CHECK(path_in_tree("", "./a/b.yaml") == "a/b.yaml");
  CHECK(path_in_tree("sub/deep", "../a") == "sub/a");
  CHECK(path_in_tree("sub", "..//x/./y") == "x/y");
  for (const char* bad :
       {"", "/etc/passwd", "../../a", ".git/config", "sub/../../..", "..", "a\nb"}) {
    CAPTURE(bad);
    CHECK_FALSE(path_in_tree("sub", bad).has_value());
  }
  CHECK(folder_of("a/b/c") == "a/b");
  CHECK(folder_of("c").empty());
}

TEST_CASE("checks::harmless_shellcheckrc: directives of the rules, one a line") {
  CHECK(harmless_shellcheckrc("disable=SC2154 # env\n  disable=2086,SC1000-SC1010 shell=bash\n") ==
        "disable=SC2154\ndisable=2086,SC1000-SC1010\nshell=bash\n");
  CHECK(harmless_shellcheckrc("enable=all\r\ndisable=\"all\"\n") == "enable=all\ndisable=all\n");
  CHECK(harmless_shellcheckrc("external-sources=true source=/dev/zero source-path='/ x' "
                              "disable=SC2000\n") == "disable=SC2000\n");
  CHECK(harmless_shellcheckrc("# disable=all\nshell=python\ndisable\ndisable=\ndisable=SC\n"
                              "disable=SC12345678\nenable=A;b\n")
            .empty());
  CHECK(harmless_shellcheckrc("disable=SC2001,oops disable=all\nshell=\"") == "disable=SC2001\n");
}
