#include "tracker/assembly.hpp"

#include "tracker/ancestry.hpp"
#include "tracker/posting_sets.hpp"
#include "tracker/posting_slips.hpp"
#include "tracker/rerolls.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <map>
#include <numeric>
#include <set>

namespace patchmill::tracker {

namespace {

constexpr std::size_t most_numbers_named = 10;
constexpr std::size_t most_versions_named = 4;

// "2, 3 and more": numbers for a note.
std::string list_numbers(const std::vector<int>& numbers, bool more) {
  std::string text;
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    text += (i == 0 ? "" : ", ") + std::to_string(numbers[i]);
  }
  return more ? text + " and more" : text;
}

// Numbers of patches by the version they were posted with, newest first.
using Origins = std::map<Version, std::vector<int>, std::greater<>>;

// "; patch 1 is from version 2, patches 3, 4 from version 1"
std::string say_origins(Origins& origins) {
  std::string text;
  std::size_t said = 0;
  for (auto& [version, numbers] : origins) {
    const char* separator = said == 0 ? "; " : ", ";
    if (said == most_versions_named) {
      text += ", the rest from older ones";
      break;
    }
    const char* verb =
        said > 0 ? "" : (numbers.size() == 1 || origins.size() == 1 ? "is " : "are ");
    std::string what = "the rest";
    if (origins.size() > 1) {
      const bool more = numbers.size() > most_numbers_named;
      what = numbers.size() == 1 ? "patch " : "patches ";
      std::sort(numbers.begin(), numbers.end());
      numbers.resize(std::min(numbers.size(), most_numbers_named));
      what += list_numbers(numbers, more);
    }
    text += fmt::format("{}{} {}from version {}", separator, what, verb, version.number);
    text += version.minor == 0 ? "" : fmt::format(".{}", version.minor);
    ++said;
  }
  return text;
}

class Assembler {
 public:
  explicit Assembler(Assembly& assembly, const ReplyParents& replies)
      : m_assembly(assembly),
        m_facts(assembly.facts),
        m_ancestry(assembly.facts, replies),
        m_posted_as(assembly.facts.size()) {}

  void run() {
    std::vector<PostingSet> sets = posting_sets(m_facts, m_ancestry);
    const auto rerolls = find_rerolls(m_facts, m_ancestry, sets);
    m_assembly.series.resize(sets.size());
    for (std::size_t i = 0; i < sets.size(); ++i) {
      fill_own(m_assembly.series[i], sets[i], rerolls[i]);
    }
    // A base is always older than what rerolls it, so it is complete when it is copied from.
    std::vector<std::size_t> order(sets.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::sort(order.begin(), order.end(),
              [&](std::size_t a, std::size_t b) { return is_older(m_facts, sets[a], sets[b]); });
    for (const std::size_t i : order) {
      AssembledSeries& series = m_assembly.series[i];
      if (rerolls[i] && !rerolls[i]->stands_alone) {
        carry_over(series, *rerolls[i]);
      }
      describe(series);
    }
  }

 private:
  void fill_own(AssembledSeries& series, const PostingSet& set,
                const std::optional<Reroll>& reroll) {
    series.cover = set.cover;
    series.version = set.version;
    series.total = set.total;
    series.head = set.head();
    series.date = set.first;
    series.note = set.note;
    for (const std::size_t patch : set.patches) {
      const int number = reroll && reroll->number ? *reroll->number : m_facts[patch].number();
      series.patches.push_back({patch, number, false});
      m_posted_as[patch] = set.version;
    }
    if (reroll) {
      series.rerolls = reroll->base;
    }
    series.answers = m_ancestry.nearest_own(series.head);
    if (series.answers && owns(series, *series.answers)) {
      series.answers.reset();
    }
  }

  static bool owns(const AssembledSeries& series, std::size_t fact) {
    return series.cover == fact ||
           std::any_of(series.patches.begin(), series.patches.end(),
                       [&](const AssembledPatch& patch) { return patch.fact == fact; });
  }

  // Of every patch that was not posted again the newest earlier posting.
  void carry_over(AssembledSeries& series, const Reroll& reroll) {
    std::set<int> numbers;
    std::string posted;
    for (const AssembledPatch& patch : series.patches) {
      posted += (posted.empty() ? "" : ", ") + std::to_string(patch.number);
      numbers.insert(patch.number);
    }
    const bool one = series.patches.size() == 1;
    Origins origins;
    const auto carry_from = [&](const AssembledSeries& earlier) {
      for (const AssembledPatch& patch : earlier.patches) {
        if (numbers.insert(patch.number).second) {
          series.patches.push_back({patch.fact, patch.number, true});
          origins[m_posted_as[patch.fact]].push_back(patch.number);
        }
      }
      series.cover = series.cover ? series.cover : earlier.cover;
    };
    const AssembledSeries& base = m_assembly.series[reroll.base];
    carry_from(base);
    for (const std::size_t earlier : reroll.rest) {
      carry_from(m_assembly.series[earlier]);
    }
    std::sort(series.patches.begin(), series.patches.end(),
              [](const AssembledPatch& a, const AssembledPatch& b) {
                return std::pair(a.number, a.fact) < std::pair(b.number, b.fact);
              });
    series.total = base.total;
    series.cover_carried_over = series.cover.has_value();
    add_note(series.note, fmt::format("Only {} {} {} posted anew{}.", one ? "patch" : "patches",
                                      posted, one ? "was" : "were", say_origins(origins)));
  }

  void describe(AssembledSeries& series) {
    if (series.cover) {
      series.name = m_facts[*series.cover].subject.title;
    } else if (!series.patches.empty() && series.patches.front().number == 1) {
      series.name = m_facts[series.patches.front().fact].subject.patchwork_name();
    }
    series.title =
        m_facts[series.cover ? *series.cover : series.patches.front().fact].subject.title;
    note_large_numbers(series);
    note_numbers(series);
  }

  void note_large_numbers(AssembledSeries& series) const {
    const auto is_clamped = [&](std::size_t fact) { return m_facts[fact].subject.is_clamped; };
    if ((series.cover && is_clamped(*series.cover)) ||
        std::ranges::any_of(series.patches, is_clamped, &AssembledPatch::fact)) {
      add_note(series.note, fmt::format("A number in a subject is too large, taken as {}.",
                                        mail::k_largest_number));
    }
  }

  static void note_numbers(AssembledSeries& series) {
    std::vector<int> missing, beyond;
    int next = 1;
    for (const AssembledPatch& patch : series.patches) {
      for (; next < patch.number && next <= series.total && missing.size() <= most_numbers_named;
           ++next) {
        missing.push_back(next);
      }
      next = patch.number + 1;
      if (patch.number > series.total && beyond.size() <= most_numbers_named) {
        beyond.push_back(patch.number);
      }
    }
    for (; next <= series.total && missing.size() <= most_numbers_named; ++next) {
      missing.push_back(next);
    }
    const auto say = [&](std::vector<int>& numbers, std::string_view what) {
      if (numbers.empty()) {
        return;
      }
      const bool more = numbers.size() > most_numbers_named;
      numbers.resize(std::min(numbers.size(), most_numbers_named));
      add_note(series.note, fmt::format("{} {} {}.", numbers.size() == 1 ? "Patch" : "Patches",
                                        list_numbers(numbers, more), what));
    };
    say(missing,
        series.patches.empty() ? "have not arrived (only the cover letter)" : "not received");
    say(beyond, fmt::format("beyond the {} announced", series.total));
  }

  Assembly& m_assembly;
  const std::vector<MailFact>& m_facts;
  Ancestry m_ancestry;
  std::vector<Version> m_posted_as;  // by fact, of patches: the version of what it was posted with
};

}  // namespace

Assembly assemble(std::vector<MailFact> facts, const ReplyParents& replies) {
  Assembly assembly;
  std::sort(facts.begin(), facts.end(), [](const MailFact& a, const MailFact& b) {
    return std::pair(a.when(), std::string_view(a.msgid)) <
           std::pair(b.when(), std::string_view(b.msgid));
  });
  assembly.facts = std::move(facts);
  Assembler(assembly, replies).run();
  return assembly;
}

}  // namespace patchmill::tracker
