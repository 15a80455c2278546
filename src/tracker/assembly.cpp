#include "tracker/assembly.hpp"

#include "tracker/ancestry.hpp"
#include "tracker/posting_sets.hpp"
#include "tracker/posting_slips.hpp"
#include "tracker/rerolls.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

namespace patchmill::tracker {

namespace {

constexpr std::size_t most_numbers_named = 10;

// "2, 3 and more": numbers for a note.
std::string list_numbers(const std::vector<int>& numbers, bool more) {
  std::string text;
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    text += (i == 0 ? "" : ", ") + std::to_string(numbers[i]);
  }
  return more ? text + " and more" : text;
}

class Assembler {
 public:
  explicit Assembler(Assembly& assembly, const ReplyParents& replies)
      : m_assembly(assembly), m_facts(assembly.facts), m_ancestry(assembly.facts, replies) {}

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
      if (rerolls[i]) {
        carry_over(series, m_assembly.series[rerolls[i]->base]);
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

  static void carry_over(AssembledSeries& series, const AssembledSeries& base) {
    std::string numbers;
    for (const AssembledPatch& patch : series.patches) {
      numbers += (numbers.empty() ? "" : ", ") + std::to_string(patch.number);
    }
    add_note(series.note,
             fmt::format("Only {} {} posted anew; the rest is from the revision before.",
                         (series.patches.size() == 1 ? "patch " : "patches ") + numbers,
                         series.patches.size() == 1 ? "was" : "were"));
    const std::vector<AssembledPatch> own = std::move(series.patches);
    series.patches.clear();
    for (const AssembledPatch& patch : base.patches) {
      const bool replaced = std::any_of(own.begin(), own.end(), [&](const AssembledPatch& mine) {
        return mine.number == patch.number;
      });
      if (!replaced) {
        series.patches.push_back({patch.fact, patch.number, true});
      }
    }
    series.patches.insert(series.patches.end(), own.begin(), own.end());
    std::sort(series.patches.begin(), series.patches.end(),
              [](const AssembledPatch& a, const AssembledPatch& b) {
                return std::pair(a.number, a.fact) < std::pair(b.number, b.fact);
              });
    series.total = base.total;
    series.cover = base.cover;
    series.cover_carried_over = base.cover.has_value();
  }

  void describe(AssembledSeries& series) {
    if (series.cover) {
      series.name = m_facts[*series.cover].subject.title;
    } else if (!series.patches.empty() && series.patches.front().number == 1) {
      series.name = m_facts[series.patches.front().fact].subject.patchwork_name();
    }
    series.title =
        m_facts[series.cover ? *series.cover : series.patches.front().fact].subject.title;
    note_numbers(series);
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
