#include "tracker/revision_facts.hpp"

#include "tracker/facts.hpp"
#include "tracker/message_store.hpp"
#include "util/clock.hpp"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <tuple>

namespace patchmill::tracker {
namespace {

// More series than this with a title of one author are not compared one by one.
constexpr std::size_t k_most_sharing = 256;
constexpr std::size_t k_most_neighbours = 16;

}  // namespace

const RevisionFact& RevisionFacts::of(std::int64_t number) {
  const auto [it, fresh] = m_facts.try_emplace(number);
  if (!fresh) {
    return it->second;
  }
  RevisionFact& fact = it->second;
  std::optional<std::int64_t> answers;
  std::string supersedes;
  m_database.each(
      "SELECT s.author, s.version, s.minor, s.total, s.date, i.msgid, s.is_resend, s.rerolls,"
      " s.answers, s.supersedes, s.prefixes, s.list_ids, s.cover, s.is_rfc"
      " FROM series s JOIN message_ids i ON i.id = s.head WHERE s.number = ?",
      [&](const store::Row& row) {
        fact.series = number;
        fact.author = row.text(0);
        fact.version = {row.get<int>(1), row.get<int>(2)};
        fact.total = row.get<int>(3);
        fact.date = from_micros(row.integer(4));
        fact.head_msgid = row.text(5);
        fact.is_resend = row.get<bool>(6);
        fact.rerolls = row.get<std::optional<std::int64_t>>(7);
        answers = row.get<std::optional<std::int64_t>>(8);
        supersedes = row.text(9);
        fact.has_cover = !row.is_null(12);
        fact.is_rfc = row.get<bool>(13);
        fact.lists = split_words(row.text(11));
        fact.tags = work_tags(split_words(row.text(10)), fact.lists);
      },
      number);
  m_database.each(
      "SELECT kind, key FROM series_keys WHERE series = ? ORDER BY kind, key",
      [&](const store::Row& row) { fact.keys.push_back({row.get<KeyKind>(0), row.integer(1)}); },
      number);
  if (answers) {
    const auto row = m_database.one<std::optional<std::int64_t>>(
        "SELECT series FROM series_mails WHERE id = ?", *answers);
    fact.answers = row ? std::get<0>(*row) : std::nullopt;
  }
  if (!supersedes.empty()) {
    const auto row = m_database.one<std::int64_t>(
        "SELECT s.series FROM message_ids i JOIN series_mails s ON s.id = i.id WHERE i.msgid = ?",
        supersedes);
    fact.supersedes = row ? std::optional(std::get<0>(*row)) : std::nullopt;
  }
  return fact;
}

const std::vector<std::int64_t>& RevisionFacts::sharing(std::int64_t number) {
  const auto [it, fresh] = m_sharing.try_emplace(number);
  std::vector<std::int64_t>& result = it->second;
  if (!fresh) {
    return result;
  }
  auto add = [&](const store::Row& row) { result.push_back(row.integer(0)); };
  m_database.each(
      "SELECT DISTINCT b.series FROM series_keys a JOIN series_keys b ON b.key = a.key"
      " WHERE a.series = ? AND b.series <> a.series LIMIT ?",
      add, number, k_most_sharing + 1);
  if (result.size() > k_most_sharing) {
    result.clear();
    for (const RevisionKey& key : of(number).keys) {
      add_nearest(number, key, result);
    }
    std::sort(result.begin(), result.end());
    result.erase(std::unique(result.begin(), result.end()), result.end());
  }
  return result;
}

void RevisionFacts::add_nearest(std::int64_t number, const RevisionKey& key,
                                std::vector<std::int64_t>& to) {
  const RevisionFact& fact = of(number);
  const std::int64_t rank = version_rank(fact.version);
  const std::int64_t date = to_micros(fact.date);
  auto add = [&](const store::Row& row) { to.push_back(row.integer(0)); };
  m_database.each(
      "SELECT series FROM series_keys WHERE key = ? AND (rank, date) <= (?, ?) AND series <> ?"
      " ORDER BY rank DESC, date DESC LIMIT ?",
      add, key.key, rank, date, number, k_most_neighbours);
  m_database.each(
      "SELECT series FROM series_keys WHERE key = ? AND (rank, date) >= (?, ?) AND series <> ?"
      " ORDER BY rank, date LIMIT ?",
      add, key.key, rank, date, number, k_most_neighbours);
}

std::vector<std::int64_t> RevisionFacts::candidates(std::int64_t number) {
  std::vector<std::int64_t> all = sharing(number);
  const RevisionFact& fact = of(number);
  for (const auto& named : {fact.rerolls, fact.answers, fact.supersedes}) {
    if (named) {
      all.push_back(*named);
    }
  }
  return all;
}

}  // namespace patchmill::tracker
