#pragma once
// A made-up history with every kind of change a patch can carry; the same for the same seed.

#include "git/git_fixture.hpp"

#include <cstdint>
#include <iterator>
#include <string>
#include <vector>

namespace patchmill::git::testing {

class HistoryGenerator {
 public:
  explicit HistoryGenerator(std::uint64_t seed) : m_state(seed) {}

  // A fast-import stream of `count` commits on refs/heads/main after a first one.
  std::string stream(int count) {
    for (int i = 0; i < 150; ++i) {
      m_files["src/part" + std::to_string(i % 12) + "/file" + std::to_string(i) + ".c"] = {
          text(40 + below(300)), 0100644};
    }
    m_files["Makefile"] = {text(80), 0100644};
    m_files["script/run.sh"] = {text(20), 0100755};
    m_files["doc/dos.txt"] = {dos(text(60)), 0100644};
    m_files["doc/no newline.txt"] = {text(10) + "the end", 0100644};
    m_files["img/logo.bin"] = {noise(900), 0100644};
    m_files["link"] = {"Makefile", 0120000};
    std::string out = "feature done\n";
    begin(out, "start");
    for (const auto& [path, file] : m_files) {
      out += Sandbox::modify(path, file);
    }
    for (int i = 0; i < count; ++i) {
      const Sandbox::Files before = m_files;
      const int operations = 1 + below(3);
      for (int k = 0; k < operations || m_files == before; ++k) {
        change();
      }
      begin(out, "part" + std::to_string(below(12)) + ": change number " + std::to_string(i));
      for (const auto& [path, file] : before) {
        if (!m_files.contains(path)) {
          out += "D " + Sandbox::quoted(path) + "\n";
        }
      }
      for (const auto& [path, file] : m_files) {
        const auto old = before.find(path);
        if (old == before.end() || !(old->second == file)) {
          out += Sandbox::modify(path, file);
        }
      }
    }
    return out + "done\n";
  }

 private:
  std::uint64_t next() {  // splitmix64
    std::uint64_t z = (m_state += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
  }
  int below(int n) { return static_cast<int>(next() % static_cast<std::uint64_t>(n)); }

  void begin(std::string& out, const std::string& subject) {
    static constexpr const char* zones[] = {" +0100", " -0330", " +0000",
                                            " +0545", " -1130", " +1400"};
    const std::string zone = zones[static_cast<std::size_t>(m_commits) % std::size(zones)];
    const std::string time = std::to_string(1600000000 + 60 * m_commits++);
    out += "commit refs/heads/main\nauthor A U Thor <author@example.org> " + time + zone +
           "\ncommitter C O Mitter <committer@example.org> " + time + " +0000\n" +
           Sandbox::data(subject + "\n\nBecause it is better so.\n");
  }

  // Lines as in source code: some stand many times in a file, so that hunks can land wrongly.
  std::string line() {
    switch (below(8)) {
      case 0:
        return "\treturn 0;\n";
      case 1:
        return "}\n";
      case 2:
        return "\n";
      case 3:
        return "\tif (ret)\n";
      default:
        return "\tvalue_" + std::to_string(below(5000)) + " = call(" + std::to_string(below(100)) +
               ");\n";
    }
  }
  std::string text(int lines) {
    std::string out;
    for (int i = 0; i < lines; ++i) {
      out += line();
    }
    return out;
  }
  static std::string dos(const std::string& content) {
    std::string out;
    for (char c : content) {
      if (c == '\n') {
        out += '\r';
      }
      out += c;
    }
    return out;
  }
  std::string noise(int bytes) {
    std::string out(1, '\0');
    for (int i = 0; i < bytes; ++i) {
      out += static_cast<char>(below(256));
    }
    return out;
  }

  std::string pick(bool regular_only = true) {
    while (true) {
      auto at = m_files.begin();
      std::advance(at, below(static_cast<int>(m_files.size())));
      if (!regular_only || at->second.mode != 0120000) {
        return at->first;
      }
    }
  }

  std::string fresh_name() {
    const std::string number = std::to_string(m_names++);
    switch (below(7)) {
      case 0:
        return "doc/with space " + number + ".txt";
      case 1:
        return "doc/\xc3\xa4\xc3\xb6 " + number;
      case 2:
        return "doc/quo\"te\\" + number;
      case 3:
        return "deep/a/b/c/d" + number + "/e.c";
      case 4:
        return "top" + number;
      default:
        return "src/part" + std::to_string(below(12)) + "/new" + number + ".c";
    }
  }

  void edit(std::string& content) {
    std::vector<std::string> lines;
    for (std::string_view l : split_lines(content)) {
      lines.emplace_back(l);
      lines.back() += '\n';
    }
    const bool ended = content.empty() || content.back() == '\n';
    const bool is_dos = content.find("\r\n") != std::string::npos;
    for (int hunks = 1 + below(4); hunks > 0; --hunks) {
      const auto at = static_cast<std::ptrdiff_t>(below(static_cast<int>(lines.size()) + 1));
      const auto removed = std::min<std::ptrdiff_t>(below(5), std::ssize(lines) - at);
      lines.erase(lines.begin() + at, lines.begin() + at + removed);
      for (int added = below(8); added > 0; --added) {
        const std::string l = line();
        lines.insert(lines.begin() + at, is_dos ? dos(l) : l);
      }
    }
    content.clear();
    for (const std::string& l : lines) {
      content += l;
    }
    if (below(12) == 0) {
      content += ended ? "last without newline" : "\n";
    } else if (!ended && content.ends_with('\n')) {
      content.pop_back();
    }
  }

  void change() {
    switch (below(20)) {
      case 0: {  // rename, with or without an edit
        const std::string from = pick();
        auto file = m_files[from];
        m_files.erase(from);
        if (below(2) == 0 && file.content.find('\0') == std::string::npos) {
          edit(file.content);
        }
        m_files[fresh_name()] = file;
        break;
      }
      case 1: {  // copy
        auto file = m_files[pick()];
        if (below(2) == 0 && file.content.find('\0') == std::string::npos) {
          edit(file.content);
        }
        m_files[fresh_name()] = file;
        break;
      }
      case 2: {
        auto& mode = m_files[pick()].mode;
        mode = mode == 0100644 ? 0100755 : 0100644;
        break;
      }
      case 3:
      case 4:
        m_files[fresh_name()] = {below(10) == 0 ? std::string() : text(1 + below(60)), 0100644};
        break;
      case 5:
        m_files[fresh_name()] = {dos(text(20)), 0100644};
        break;
      case 6:
        m_files[fresh_name()] = {noise(50 + below(3000)), 0100644};
        break;
      case 7:
        if (m_files.size() > 120) {
          m_files.erase(pick());
        }
        break;
      case 8:
        m_files["link" + std::to_string(below(4))] = {pick(), 0120000};
        break;
      case 9:
        swap_folder();
        break;
      default: {
        auto& file = m_files[pick()];
        if (file.content.find('\0') == std::string::npos) {
          edit(file.content);
        } else {
          file.content += noise(20);
        }
      }
    }
  }

  // A file becomes a folder of its name, or the other way round.
  void swap_folder() {
    if (m_files.contains("swap")) {
      m_files.erase("swap");
      m_files["swap/inside"] = {text(10), 0100644};
    } else {
      m_files.erase("swap/inside");
      m_files["swap"] = {text(10), 0100644};
    }
  }

  std::uint64_t m_state;
  Sandbox::Files m_files;
  int m_commits = 0;
  int m_names = 0;
};

}  // namespace patchmill::git::testing
