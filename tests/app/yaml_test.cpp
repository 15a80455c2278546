#include "app/yaml.hpp"

#include <doctest/doctest.h>

using namespace patchmill;
using app::parse_yaml;
using app::YamlValue;

namespace {

std::string yaml_fault(std::string_view text) {
  const auto value = parse_yaml("f.yaml", text);
  REQUIRE_FALSE(value.has_value());
  return value.error().message;
}

}  // namespace

TEST_CASE("app::parse_yaml: values keep their place and stay text") {
  const auto value = parse_yaml("f.yaml", "a: no\nb:\n  - 1.10\n  - {c: 0x1f}\n");
  REQUIRE(value.has_value());
  CHECK(value->kind == YamlValue::Kind::map);
  REQUIRE(value->find("a") != nullptr);
  CHECK(value->find("a")->scalar == "no");
  const YamlValue* b = value->find("b");
  REQUIRE(b != nullptr);
  REQUIRE(b->items.size() == 2);
  CHECK(b->items[0].scalar == "1.10");
  CHECK(b->items[0].line == 3);
  CHECK(b->items[0].column == 5);
  CHECK(b->items[1].find("c")->scalar == "0x1f");
  CHECK(value->find("nothing") == nullptr);
}

TEST_CASE("app::parse_yaml: empty text and comments are an empty map") {
  for (const auto* text : {"", "\n", "# only a comment\n", "---\n"}) {
    const auto value = parse_yaml("f.yaml", text);
    REQUIRE(value.has_value());
    CHECK(value->kind == YamlValue::Kind::map);
    CHECK(value->members.empty());
  }
}

TEST_CASE("app::parse_yaml: refuses duplicate keys where they stand") {
  const std::string message = yaml_fault("a: 1\nb: 2\na: 3\n");
  CHECK(message.find("f.yaml:3:1:") == 0);
  CHECK(message.find("first on line 1") != std::string::npos);
}

TEST_CASE("app::parse_yaml: refuses what is not YAML with line and column") {
  CHECK(yaml_fault("a: [1, 2\nb: 3\n").find("f.yaml:") == 0);
  CHECK(yaml_fault("a:\n\t- tab\n").find("f.yaml:2:") == 0);
}

TEST_CASE("app::parse_yaml: refuses bombs, depth and bad bytes without trouble") {
  std::string bomb = "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n";
  for (int i = 1; i < 10; ++i) {
    bomb += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [";
    for (int j = 0; j < 10; ++j) {
      bomb += (j > 0 ? ",*a" : "*a") + std::to_string(i - 1);
    }
    bomb += "]\n";
  }
  CHECK(yaml_fault(bomb).find("values") != std::string::npos);
  CHECK(yaml_fault(std::string(100'000, '[')).find("nested") != std::string::npos);
  CHECK(yaml_fault(std::string(100'000, '{')).find("nested") != std::string::npos);
  std::string dashes;
  for (int i = 0; i < 50'000; ++i) {
    dashes += "- ";
  }
  CHECK(yaml_fault(dashes).find("nested") != std::string::npos);
  CHECK(yaml_fault("a: 1\nb: " + std::string(300, '[')).find("f.yaml:2:204: nested deeper") == 0);
  CHECK(yaml_fault("é: [1]\n" + dashes).find("f.yaml:2:401: nested deeper") == 0);
  std::string steps;
  for (int i = 0; i < 900; ++i) {
    steps += std::string(static_cast<std::size_t>(i), ' ') + "a:\n";
  }
  CHECK(yaml_fault(steps).find("nested deeper than 40 levels") != std::string::npos);
  CHECK(yaml_fault(steps).find("f.yaml:") == 0);
  CHECK(yaml_fault("a: \xff\xfe\n").find("UTF-8") != std::string::npos);
  CHECK(yaml_fault(std::string(2u << 20, '#')).find("bytes") != std::string::npos);
  CHECK(yaml_fault("a: 1\n---\nb: 2\n").find("second document") != std::string::npos);
  // yaml-cpp alone would read these for ever.
  CHECK(yaml_fault(",12]\nb:\x0f").find("f.yaml:1:1:") == 0);
  CHECK(yaml_fault("]").find("f.yaml:1:1:") == 0);
  CHECK(yaml_fault("{a: 1}\n, b\n").find("f.yaml:") == 0);
  CHECK(yaml_fault("? [a, b]\n: 1\n").find("plain word") != std::string::npos);
}

TEST_CASE("app::parse_yaml: an open quote is refused where it opens") {
  const auto opens = [](std::string_view text, std::string_view place) {
    const std::string fault = yaml_fault(text);
    CHECK_MESSAGE(fault.starts_with(place), fault);
    CHECK(fault.find("has no end: another") != std::string::npos);
  };
  opens("http:\n  title: \"my ci\njobs:\n  - {name: a, command: x}\n", "f.yaml:2:10: ");
  opens("a: 'it''s\nb: c\n", "f.yaml:1:4: ");
  opens("a: 'x''", "f.yaml:1:4: ");
  opens("a: \"x", "f.yaml:1:4: ");
  opens("a: \"x\\\"\n", "f.yaml:1:4: ");
  opens("a: [b, \"c\n", "f.yaml:1:8: ");
  opens("a: b\n\"c: d\n", "f.yaml:2:1: ");
  opens("a:\n  &x\n  # why\n  !t 'y\n", "f.yaml:4:6: ");
  opens(
      "\xEF\xBB\xBF"
      "a: \"x\r\nb: c\r\n",
      "f.yaml:1:");
}

TEST_CASE("app::parse_yaml: what only looks like an open quote is none") {
  for (const auto* text :
       {"a: x\"y\n", "a: |\n  \"x\n", "a: 'it''s'", "a: \"\\\"\"\n", "a: \"x\ny\"\n", "a: >\n  'x",
        "a: b # \"x\n", "a: '\\'\n", "a: ''\n", "\"a\": 'b' # '\n", "a: &x \"b\"\nc: *x\n"}) {
    const auto value = parse_yaml("f.yaml", text);
    CHECK_MESSAGE(value.has_value(), text);
  }
}
