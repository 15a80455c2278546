#include "tracker/series_content.hpp"

#include "tracker/hash64.hpp"
#include "tracker/rerolls.hpp"

#include <algorithm>

namespace patchmill::tracker {

namespace {

// Adds what is not there yet.
template <class T>
void unite(std::vector<T>& into, const std::vector<T>& from) {
  for (const T& value : from) {
    if (std::find(into.begin(), into.end(), value) == into.end()) {
      into.push_back(value);
    }
  }
}

void prefer(std::string& known, const std::string& other) {
  if (known.empty()) {
    known = other;
  }
}

// Mails in the order in which their words count: what was posted now before what was carried
// over, the cover before the patches.
std::vector<std::size_t> by_authority(const AssembledSeries& series) {
  std::vector<std::size_t> mails;
  const auto add = [&](bool carried_over) {
    if (series.cover && series.cover_carried_over == carried_over) {
      mails.push_back(*series.cover);
    }
    for (const AssembledPatch& patch : series.patches) {
      if (patch.carried_over == carried_over) {
        mails.push_back(patch.fact);
      }
    }
  };
  add(false);
  add(true);
  return mails;
}

}  // namespace

SeriesContent series_content(const Component& component, const Assembly& assembly,
                             const AssembledSeries& series, std::optional<std::int64_t> rerolls) {
  const MailFact& head = assembly.facts[series.head];
  SeriesContent content;
  content.name = series.name;
  content.title = series.title;
  content.note = series.note;
  content.version = series.version;
  content.total = series.total;
  content.submitter = head.from;
  content.author = author_key(head.from);
  content.date = series.date;
  content.head = head.id;
  content.rerolls = rerolls;
  content.prefixes = head.subject.prefixes;
  content.is_rfc = head.subject.is_rfc;
  content.is_resend = head.subject.is_resend;
  if (series.cover) {
    content.cover = assembly.facts[*series.cover].id;
    content.cover_name = assembly.facts[*series.cover].subject.patchwork_name();
  }
  if (series.answers) {
    content.answers = assembly.facts[*series.answers].id;
  }
  std::vector<std::string> titles;
  for (const AssembledPatch& patch : series.patches) {
    const MailFact& fact = assembly.facts[patch.fact];
    content.patches.push_back({patch.number, fact.id, fact.subject.patchwork_name(),
                               fact.subject.title, patch.carried_over});
    titles.push_back(fact.subject.title);
  }
  for (const std::size_t fact : by_authority(series)) {
    const StoredMail& mail = component.stored.at(assembly.facts[fact].id);
    prefer(content.base_commit, mail.base_commit);
    prefer(content.base_branch, mail.base_branch);
    prefer(content.change_id, mail.change_id);
    prefer(content.supersedes, mail.supersedes);
    content.skip_requested = content.skip_requested || mail.skip_requested;
    unite(content.list_ids, mail.list_ids);
    unite(content.dependencies, mail.dependencies);
  }
  std::sort(content.list_ids.begin(), content.list_ids.end());
  content.keys = revision_keys(content.author, content.change_id, content.title, titles);
  // Found by what their own mails say, whoever else has a part in the series.
  const auto add_key = [&](const RevisionKey& key) {
    if (!std::binary_search(content.keys.begin(), content.keys.end(), key)) {
      content.keys.push_back(key);
      std::sort(content.keys.begin(), content.keys.end());
    }
  };
  if (is_single_patch(head) || is_stray(head)) {
    add_key(single_key(content.author, head.subject.title));
  }
  for (const AssembledPatch& patch : series.patches) {
    const MailFact& fact = assembly.facts[patch.fact];
    if (const std::string author = author_key(fact.from);
        author != content.author && fact.number() <= most_rerolled_by_title) {
      add_key(patch_title_key(author, fact.subject.title));
    }
  }
  return content;
}

std::int64_t SeriesContent::digest() const {
  Hash64 hash;
  const auto add = [&](std::int64_t value) { hash.add(static_cast<std::uint64_t>(value)); };
  const auto add_words = [&](const std::vector<std::string>& words) {
    hash.add(words.size());
    for (const std::string& word : words) {
      hash.add(word);
    }
  };
  hash.add(name).add(title).add(note).add(submitter.name).add(submitter.email).add(cover_name);
  hash.add(base_commit).add(base_branch).add(change_id).add(supersedes);
  add(version.number);
  add(version.minor);
  add(total);
  add(to_micros(date));
  add(head);
  add(cover.value_or(0));
  add(answers.value_or(0));
  add(rerolls.value_or(0));
  add((is_rfc ? 1 : 0) + (is_resend ? 2 : 0) + (skip_requested ? 4 : 0));
  add_words(list_ids);
  add_words(prefixes);
  for (const PatchContent& patch : patches) {
    add(patch.number);
    add(patch.mail);
    add(patch.carried_over ? 1 : 0);
    hash.add(patch.name);
  }
  for (const mail::Dependency& dependency : dependencies) {
    add(static_cast<std::int64_t>(dependency.kind));
    hash.add(dependency.target);
  }
  return hash.value();
}

}  // namespace patchmill::tracker
