#include "tracker/reassembly.hpp"

#include "tracker/assembly.hpp"
#include "tracker/series_content.hpp"

#include <algorithm>
#include <tuple>
#include <unordered_map>

namespace patchmill::tracker {

namespace {

class ComponentUpdate {
 public:
  ComponentUpdate(store::Database& database, Component component, SeriesChanges& changes)
      : m_store(database),
        m_component(std::move(component)),
        m_changes(changes),
        m_assembly(assemble(std::move(m_component.facts), m_component.replies)),
        m_numbers(m_assembly.series.size(), 0) {}

  void run() {
    match();
    for (std::size_t i = 0; i < m_numbers.size(); ++i) {
      write(i);
    }
    for (const auto& [old, heir] : m_orphans) {
      m_changes.changed.erase(old);
      m_changes.removed[old] = {heir, m_store.remove(old)};
    }
  }

 private:
  template <class F>
  void each_own_mail(const AssembledSeries& series, F&& f) const {
    if (series.cover && !series.cover_carried_over) {
      f(m_assembly.facts[*series.cover].id);
    }
    for (const AssembledPatch& patch : series.patches) {
      if (!patch.carried_over) {
        f(m_assembly.facts[patch.fact].id);
      }
    }
  }

  // Which stored series each new one continues: those with most mails in common first.
  void match() {
    std::map<std::pair<std::int64_t, std::size_t>, int> common;
    for (std::size_t i = 0; i < m_assembly.series.size(); ++i) {
      each_own_mail(m_assembly.series[i], [&](std::int64_t mail) {
        if (const std::int64_t old = m_component.stored.at(mail).series; old != 0) {
          ++common[{old, i}];
        }
      });
    }
    std::vector<std::tuple<int, std::int64_t, std::size_t>> pairs;  // fewest common last
    for (const auto& [pair, count] : common) {
      pairs.emplace_back(-count, pair.first, pair.second);
    }
    std::sort(pairs.begin(), pairs.end());
    for (const auto& [_, old, series] : pairs) {
      if (m_numbers[series] == 0 && !m_taken.contains(old)) {
        m_numbers[series] = old;
        m_taken.insert(old);
      }
    }
    for (std::int64_t& number : m_numbers) {
      if (number == 0) {
        number = m_store.next_number();
      }
    }
    for (const auto& [_, old, series] : pairs) {
      if (!m_taken.contains(old)) {
        m_orphans.try_emplace(old, m_numbers[series]);
      }
    }
  }

  void write(std::size_t index) {
    const AssembledSeries& series = m_assembly.series[index];
    const std::int64_t number = m_numbers[index];
    const SeriesContent content =
        series_content(m_component, m_assembly, series,
                       series.rerolls ? std::optional(m_numbers[*series.rerolls]) : std::nullopt);
    const bool known = m_taken.contains(number);
    if (!known) {
      m_store.insert(number, content);
      m_changes.changed[number] = {true, content.complete()};
    } else if (const auto before = m_store.known(number);
               !before || before->digest != content.digest()) {
      m_store.update(number, content);
      auto& change = m_changes.changed[number];
      change.completed = change.completed || (content.complete() && !(before && before->complete));
    }
    each_own_mail(series, [&](std::int64_t mail) {
      if (m_component.stored.at(mail).series != number) {
        m_store.set_series_of_mail(mail, number);
      }
    });
  }

  SeriesStore m_store;
  Component m_component;
  SeriesChanges& m_changes;
  Assembly m_assembly;
  std::vector<std::int64_t> m_numbers;  // of the new series
  std::set<std::int64_t> m_taken;       // stored series that live on
  std::map<std::int64_t, std::int64_t> m_orphans;
};

}  // namespace

void reassemble(store::Database& database, std::set<std::int64_t> threads,
                const std::vector<std::string>& list_words, SeriesChanges& changes) {
  while (!threads.empty()) {
    Component component = load_component(database, *threads.begin(), list_words);
    for (const std::int64_t thread : component.threads) {
      threads.erase(thread);
    }
    if (!component.facts.empty()) {
      ComponentUpdate(database, std::move(component), changes).run();
    }
  }
}

}  // namespace patchmill::tracker
