// Looking at a document with the table of keys, and mending it so that the rest can be read.

#include "app/config_keys.hpp"
#include "util/text.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace patchmill::app {
namespace {

YamlValue stand_in_scalar(std::string_view text) {
  YamlValue value;
  value.kind = YamlValue::Kind::scalar;
  value.scalar = text;
  value.line = value.column = 0;
  return value;
}

YamlValue stand_in_of(YamlValue::Kind kind) {
  YamlValue value;
  value.kind = kind;
  value.line = value.column = 0;
  return value;
}

// One of the words a list may hold. '?' is no name, so that nothing else refers to it.
YamlValue stand_in_word(const KeySpec& key) {
  return stand_in_scalar(key.choices.empty() ? "?" : std::string_view(key.choices.front()));
}

// Something harmless of the key's type.
YamlValue stand_in(const KeySpec& key);

// A section that has nothing but what it must have.
YamlValue stand_in_section(std::string_view path) {
  YamlValue map = stand_in_of(YamlValue::Kind::map);
  map.doubtful = true;
  for (const KeySpec& key : config_keys()) {
    if (key.section == path && key.required) {
      map.members.push_back({stand_in_scalar(key.name), stand_in(key)});
    }
  }
  return map;
}

YamlValue stand_in(const KeySpec& key) {
  switch (key.type) {
    case KeyType::section:
      return stand_in_section(section_path(key));
    case KeyType::sections: {
      YamlValue list = stand_in_of(YamlValue::Kind::sequence);
      list.items.push_back(stand_in_section(section_path(key)));
      return list;
    }
    case KeyType::words: {
      YamlValue list = stand_in_of(YamlValue::Kind::sequence);
      list.items.push_back(stand_in_word(key));
      return list;
    }
    case KeyType::table:
    case KeyType::settings:
      return stand_in_of(YamlValue::Kind::map);
    case KeyType::secret: {
      YamlValue map = stand_in_of(YamlValue::Kind::map);
      map.members.push_back({stand_in_scalar("file"), stand_in_scalar("?")});
      return map;
    }
    case KeyType::choice:
      return stand_in_word(key);
    case KeyType::boolean:
      return stand_in_scalar("false");
    case KeyType::integer:
      return stand_in_scalar("1");
    case KeyType::duration:
      return stand_in_scalar("1m");
    case KeyType::size:
      return stand_in_scalar("1M");
    default:
      return stand_in_scalar("");
  }
}

// Whether a value of this kind may be what the key takes.
bool fits(const YamlValue& value, const KeySpec& key) {
  switch (key.type) {
    case KeyType::section:
    case KeyType::table:
    case KeyType::settings:
    case KeyType::secret:
      return value.kind == YamlValue::Kind::map;
    case KeyType::sections:
      return value.kind == YamlValue::Kind::sequence;
    case KeyType::words:
      return value.kind == YamlValue::Kind::sequence || value.kind == YamlValue::Kind::scalar;
    default:
      return value.kind == YamlValue::Kind::scalar;
  }
}

bool is_split(std::string_view text) {
  return text.find_first_of(" \t\r\n") != std::string_view::npos;
}

// Names the faults, and mends the document as check_keys() says.
class Checker {
 public:
  Checker(std::string_view file, std::string_view text) : m_file(file), m_text(text) {}

  void section(YamlValue& map, std::string_view path) {
    if (map.kind != YamlValue::Kind::map) {
      fault(map, fmt::format("expected a map of keys, found {}", to_string(map.kind)));
      map = stand_in_section(path);
      return;
    }
    std::vector<YamlMember> kept;
    for (auto& [key, value] : map.members) {
      const KeySpec* spec = find(path, key.scalar);
      if (spec != nullptr) {
        map.doubtful = !check_value(value, *spec) || map.doubtful;
        kept.push_back({std::move(key), std::move(value)});
        continue;
      }
      const auto near = refuse_key(key, path);
      spec = near ? find(path, *near) : nullptr;
      const bool vacant = near && stands_not(map.members, *near) && stands_not(kept, *near);
      if (!vacant || !fits(value, *spec)) {
        map.doubtful = true;
        continue;
      }
      map.doubtful = !check_value(value, *spec) || map.doubtful;
      key.scalar = *near;
      kept.push_back({std::move(key), std::move(value)});
    }
    map.members = std::move(kept);
    for (const KeySpec& key : config_keys()) {
      if (key.section == path && key.required && map.find(key.name) == nullptr) {
        fault(map, fmt::format("the key '{}' is missing here", key.name));
        map.members.push_back({stand_in_scalar(key.name), stand_in(key)});
        map.doubtful = true;
      }
    }
  }

  std::vector<ConfigFault> take() { return std::move(m_faults); }

 private:
  static const KeySpec* find(std::string_view path, std::string_view name) {
    for (const KeySpec& key : config_keys()) {
      if (key.section == path && key.name == name) {
        return &key;
      }
    }
    return nullptr;
  }

  static bool stands_not(const std::vector<YamlMember>& members, std::string_view name) {
    return std::none_of(members.begin(), members.end(),
                        [name](const YamlMember& member) { return member.key.scalar == name; });
  }

  // An unknown key; returns the one that was meant.
  std::optional<std::string> refuse_key(const YamlValue& key, std::string_view path) {
    std::vector<std::string> names;
    for (const KeySpec& known : config_keys()) {
      if (known.section == path) {
        names.emplace_back(known.name);
      }
    }
    auto near = nearest_name(key.scalar, names);
    fault(key, fmt::format("unknown key '{}'; {}", escape_terminal(key.scalar),
                           near ? fmt::format("did you mean '{}'?", *near)
                                : fmt::format("known here: {}", join(names, ", "))));
    return near;
  }

  // Whether it is as it must be; sections tell of themselves whether they are doubtful.
  bool check_value(YamlValue& value, const KeySpec& key) {
    if (key.type == KeyType::section) {
      section(value, section_path(key));
      return true;
    }
    if (key.type == KeyType::sections && value.kind == YamlValue::Kind::sequence) {
      for (YamlValue& item : value.items) {
        section(item, section_path(key));
      }
      return true;
    }
    const std::size_t before = m_faults.size();
    check_leaf(value, key);
    return m_faults.size() == before;
  }

  void check_leaf(YamlValue& value, const KeySpec& key) {
    switch (key.type) {
      case KeyType::sections:
        expect(value, key, YamlValue::Kind::sequence);
        return;
      case KeyType::words:
        check_words(value, key);
        return;
      case KeyType::table:
      case KeyType::settings:
        check_table(value, key);
        return;
      case KeyType::secret:
        check_secret(value, key);
        return;
      default:
        if (expect(value, key, YamlValue::Kind::scalar)) {
          check_scalar(value, key);
        }
    }
  }

  void check_words(YamlValue& value, const KeySpec& key) {
    const auto check = [&](YamlValue& item) {
      const std::size_t before = m_faults.size();
      if (item.kind != YamlValue::Kind::scalar) {
        refuse_kind(item, key, YamlValue::Kind::scalar);
      } else if (!key.choices.empty()) {
        check_choice(item, key);
      }
      if (m_faults.size() != before) {
        item = stand_in_word(key);
      }
    };
    if (value.kind == YamlValue::Kind::scalar && key.is_command && is_split(value.scalar)) {
      refuse_line(value, key);
    } else if (value.kind == YamlValue::Kind::scalar) {
      check(value);
    } else if (expect(value, key, YamlValue::Kind::sequence)) {
      const std::size_t before = m_faults.size();
      std::for_each(value.items.begin(), value.items.end(), check);
      if (m_faults.size() != before) {
        value.line = value.column = 0;
      }
    }
  }

  // A command as one would type it into a shell.
  void refuse_line(YamlValue& value, const KeySpec& key) {
    const std::string line = collapse_whitespace(value.scalar);
    const auto words = split(trim(line), ' ');
    fault(value,
          fmt::format("'{}' is a list of words, as no shell splits them: [{}]", key.name,
                      escape_terminal(ellipsize(fmt::format("{}", fmt::join(words, ", ")), 120))));
    value = stand_in(key);
  }

  void check_table(YamlValue& value, const KeySpec& key) {
    if (!expect(value, key, YamlValue::Kind::map)) {
      return;
    }
    for (const auto& [name, item] : value.members) {
      if (key.type == KeyType::settings && item.kind == YamlValue::Kind::sequence) {
        for (const YamlValue& word : item.items) {
          if (word.kind != YamlValue::Kind::scalar) {
            fault(word, fmt::format("'{}' takes words, found {}", escape_terminal(name.scalar),
                                    to_string(word.kind)));
          }
        }
      } else if (item.kind != YamlValue::Kind::scalar && item.kind != YamlValue::Kind::null) {
        fault(item, fmt::format("'{}' takes one value, found {}", escape_terminal(name.scalar),
                                to_string(item.kind)));
      }
    }
    std::erase_if(value.members, [&](const YamlMember& member) {
      const YamlValue& item = member.value;
      const bool words = key.type == KeyType::settings && item.kind == YamlValue::Kind::sequence;
      return words ? std::any_of(
                         item.items.begin(), item.items.end(),
                         [](const YamlValue& word) { return word.kind != YamlValue::Kind::scalar; })
                   : item.kind != YamlValue::Kind::scalar && item.kind != YamlValue::Kind::null;
    });
  }

  void check_secret(YamlValue& value, const KeySpec& key) {
    if (value.kind != YamlValue::Kind::map || value.members.size() != 1 ||
        (value.find("file") == nullptr && value.find("env") == nullptr) ||
        value.members[0].value.kind != YamlValue::Kind::scalar) {
      fault(value, fmt::format("'{}' is a secret: write {{file: PATH}} or {{env: NAME}}, never the "
                               "secret itself",
                               key.name));
      value = stand_in(key);
    }
  }

  void check_scalar(YamlValue& value, const KeySpec& key) {
    const std::string why = wrong_scalar(value.scalar, key);
    if (why.empty()) {
      return;
    }
    fault(value, why);
    if (key.type == KeyType::name) {
      value.line = value.column = 0;  // what refers to it by this name is right
    } else {
      value = stand_in(key);
    }
  }

  // What is wrong with it; empty: nothing.
  static std::string wrong_scalar(const std::string& text, const KeySpec& key) {
    const std::string shown = escape_terminal(ellipsize(text, 60));
    switch (key.type) {
      case KeyType::integer:
        return parse_uint(text)
                   ? ""
                   : fmt::format("'{}' takes a whole number, found '{}'", key.name, shown);
      case KeyType::boolean: {
        static const std::vector<std::string> words = {"true", "false"};
        return text == "true" || text == "false"
                   ? ""
                   : fmt::format("'{}' takes true or false, found '{}'{}", key.name, shown,
                                 did_you_mean(text, words));
      }
      case KeyType::duration:
        return parse_duration_seconds(text)
                   ? ""
                   : fmt::format("'{}' takes a duration like 90s, 5m, 2h or 30d, found '{}'",
                                 key.name, shown);
      case KeyType::size:
        return parse_size_bytes(text)
                   ? ""
                   : fmt::format("'{}' takes a size like 64k, 256M or 2G, found '{}'", key.name,
                                 shown);
      case KeyType::name:
        return is_name(text)
                   ? ""
                   : fmt::format("'{}' takes letters, digits, '-', '_' and '.', found '{}'",
                                 key.name, shown);
      case KeyType::choice:
        return wrong_choice(text, key);
      default:
        return text.empty() ? fmt::format("'{}' is empty", key.name) : "";
    }
  }

  static std::string wrong_choice(const std::string& text, const KeySpec& key) {
    if (std::find(key.choices.begin(), key.choices.end(), text) != key.choices.end()) {
      return "";
    }
    return fmt::format("'{}' is not a value of '{}' (one of: {}){}",
                       escape_terminal(ellipsize(text, 60)), key.name, join(key.choices, ", "),
                       did_you_mean(text, key.choices));
  }

  void check_choice(const YamlValue& value, const KeySpec& key) {
    if (const std::string why = wrong_choice(value.scalar, key); !why.empty()) {
      fault(value, why);
    }
  }

  // What is of another kind is replaced.
  bool expect(YamlValue& value, const KeySpec& key, YamlValue::Kind kind) {
    if (value.kind == kind) {
      return true;
    }
    refuse_kind(value, key, kind);
    value = stand_in(key);
    return false;
  }

  void refuse_kind(const YamlValue& value, const KeySpec& key, YamlValue::Kind kind) {
    fault(value,
          fmt::format("'{}' takes {}, found {}", key.name, to_string(kind), to_string(value.kind)));
  }

  void fault(const YamlValue& where, std::string_view message) {
    m_faults.push_back(located(m_file, m_text, where.line, where.column, message));
  }

  std::string_view m_file, m_text;
  std::vector<ConfigFault> m_faults;
};

}  // namespace

std::optional<std::string> nearest_choice(std::string_view written,
                                          std::span<const std::string> choices) {
  if (auto near = nearest_name(written, choices)) {
    return near;
  }
  constexpr std::size_t k_longest = 60, k_shortest = 3;  // less is in too many words
  if (written.size() < k_shortest || written.size() > k_longest) {
    return std::nullopt;
  }
  const std::string wanted = to_lower(written);
  std::optional<std::string> found;
  for (const std::string& choice : choices) {
    const std::string lower = to_lower(choice);
    const bool alike = lower.find(wanted) != std::string::npos ||
                       (lower.size() >= k_shortest && wanted.find(lower) != std::string::npos) ||
                       edit_distance(wanted, lower) <= wanted.size() * 2 / 5;
    if (alike && found) {
      return std::nullopt;
    }
    if (alike) {
      found = choice;
    }
  }
  return found;
}

std::string did_you_mean(std::string_view written, std::span<const std::string> choices) {
  const auto near = nearest_choice(written, choices);
  return near ? fmt::format("; did you mean '{}'?", *near) : "";
}

std::vector<ConfigFault> check_keys(YamlValue& document, std::string_view file,
                                    std::string_view text) {
  Checker checker(file, text);
  checker.section(document, "");
  return checker.take();
}

}  // namespace patchmill::app
