#include "tracker/tracker.hpp"

#include "mail/diff.hpp"
#include "store/event_log.hpp"
#include "tracker/bulk_query.hpp"
#include "tracker/dependencies.hpp"
#include "tracker/message_store.hpp"
#include "tracker/reassembly.hpp"
#include "tracker/revision_store.hpp"
#include "tracker/series_event.hpp"
#include "tracker/thread_index.hpp"
#include "util/text.hpp"

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>
#include <set>
#include <unordered_map>
#include <unordered_set>

namespace patchmill::tracker {

namespace {

// A mail made ready, before anything is asked of the store.
struct Prepared {
  const Incoming* incoming = nullptr;
  NewMessage row;
  MailFact fact;  // msgid and parents are those stored for every kind of mail
  [[nodiscard]] bool in_series() const {
    return row.kind == MessageKind::patch || row.kind == MessageKind::cover ||
           row.kind == MessageKind::pull_request;
  }
};

std::vector<std::string> lists_of(const Incoming& incoming) {
  std::vector<std::string> lists;
  if (incoming.parsed) {
    lists = incoming.parsed->list_ids;
  }
  const std::string given = to_lower(incoming.list_id);
  if (!given.empty() && std::find(lists.begin(), lists.end(), given) == lists.end()) {
    lists.push_back(given);
  }
  return lists;
}

Prepared prepare(const Incoming& incoming, const std::vector<std::string>& list_words) {
  Prepared mail;
  mail.incoming = &incoming;
  mail.row.source = incoming.source;
  mail.row.raw = incoming.raw;
  mail.row.packed = incoming.packed ? &*incoming.packed : nullptr;
  mail.row.list_ids = lists_of(incoming);
  if (!incoming.parsed) {
    const mail::Remains remains = mail::salvage(incoming.raw);
    mail.fact.msgid = stored_msgid(remains.message_id);
    mail.row.kind = MessageKind::unusable;
    mail.row.reason = incoming.parsed.error().message;
    mail.row.subject = remains.subject;
    mail.row.from.email = remains.from;
    return mail;
  }
  const mail::Message& message = *incoming.parsed;
  mail.fact.subject = subject_of(message.subject, mail.row.list_ids, list_words);
  Classified classified = classify(message, mail.fact.subject);
  mail.row.kind = classified.kind;
  mail.row.reason = std::move(classified.reason);
  if (!message.mended.empty()) {
    mail.row.reason += (mail.row.reason.empty() ? "" : ": ") + join(message.mended, "; ");
  }
  if (mail.row.kind == MessageKind::patch && !incoming.diff_fault.empty()) {
    mail.row.reason +=
        (mail.row.reason.empty() ? "" : "; ") + damaged_diff_note(incoming.diff_fault);
  }
  mail.row.subject = message.subject;
  mail.row.from = message.from;
  mail.row.date = message.date;
  mail.row.content_hash = content_hash_of(incoming);
  mail.fact.msgid = stored_msgid(message.message_id);
  for (const std::string& parent : parents_of(message)) {
    mail.fact.parents.push_back(stored_msgid(parent));
  }
  mail.fact.from = message.from;
  mail.fact.date = message.date;
  return mail;
}

std::string_view event_kind(MessageKind kind) {
  switch (kind) {
    case MessageKind::patch:
    case MessageKind::pull_request:
      return "patch-created";
    case MessageKind::cover:
      return "cover-created";
    case MessageKind::reply:
      return "message-received";
    case MessageKind::unusable:
      return "message-refused";
  }
  return "message-received";
}

}  // namespace

struct Tracker::Impl {
  store::Database& database;
  store::BlobStore& blobs;
  const Clock& clock;
  TrackerOptions options;
  MessageStore messages{database, blobs};

  // One batch.
  struct Batch {
    IngestOutcome outcome;
    std::vector<Prepared> fresh;  // stored now, in order of arrival
    std::set<std::int64_t> dirty;
    std::vector<std::string> duplicate_events;
    std::vector<std::int64_t> relisted;  // known patches and covers that came by another list
    SeriesChanges changes;
  };

  // Other writers wait here until this transaction ends.
  void wait_for_writers() {
    database.exec("UPDATE tracker_counters SET value = value WHERE name = 'message'");
  }

  void take(ThreadIndex& index, std::vector<Prepared> mails, Batch& batch) {
    for (Prepared& mail : mails) {
      const auto known = index.arrived(mail.fact.msgid);
      if (known && !replace(*known, mail, batch)) {
        ++batch.outcome.duplicates;
        add_duplicate(*known, mail, batch);
        continue;
      }
      const ThreadIndex::Arrival arrival = index.add(mail.fact.msgid, mail.fact.parents);
      mail.row.id = mail.fact.id = arrival.id;
      mail.row.parent = arrival.parent;
      messages.insert(mail.row, clock.now(), blobs);
      ++batch.outcome.stored;
      batch.outcome.unusable += mail.row.kind == MessageKind::unusable ? 1 : 0;
      // A reply can change series only by connecting threads, or by being the link that earlier
      // mails were missing.
      if (mail.in_series() || arrival.connected || arrival.was_awaited) {
        m_touched.push_back(arrival.id);
      }
      batch.fresh.push_back(std::move(mail));
    }
    index.flush();
    for (Prepared& mail : batch.fresh) {
      if (mail.in_series()) {
        mail.fact.thread = index.thread_of(mail.fact.id);
        const mail::Message& message = *mail.incoming->parsed;
        messages.insert_series_mail(mail.row, mail.fact,
                                    message.in_body_from.value_or(message.from),
                                    patch_hash_of(*mail.incoming), mail::parse_base_info(message));
      }
    }
    for (const std::int64_t id : m_touched) {
      batch.dirty.insert(index.thread_of(id));
    }
    batch.dirty.insert(index.merged_threads().begin(), index.merged_threads().end());
    m_touched.clear();
  }

  // A mail that could not be used gives way to one that can, and one that was cut off to the whole
  // one. Then the row is free for the new one.
  bool replace(std::int64_t id, Prepared& mail, Batch& batch) {
    if (mail.row.kind == MessageKind::unusable) {
      return false;
    }
    const auto known = messages.known(id);
    if (!known || (known->kind != MessageKind::unusable && !completes(id, *known, mail))) {
      return false;
    }
    for (const std::string& list : known->list_ids) {
      if (std::find(mail.row.list_ids.begin(), mail.row.list_ids.end(), list) ==
          mail.row.list_ids.end()) {
        mail.row.list_ids.push_back(list);
      }
    }
    std::sort(mail.row.list_ids.begin(), mail.row.list_ids.end());
    mail.row.series = messages.remove(id);
    m_replaced.push_back(id);
    const auto gone = std::erase_if(batch.fresh, [&](const Prepared& p) { return p.row.id == id; });
    batch.outcome.stored -= gone;
    batch.outcome.unusable -= known->kind == MessageKind::unusable ? gone : 0;
    return true;
  }

  // Whether the mail is all of what is known only in part. Reads what is stored: for mails that
  // differ from their copy, which are few.
  bool completes(std::int64_t id, const KnownMessage& known, const Prepared& mail) {
    const bool was_in_series = known.kind != MessageKind::reply;
    if (known.content_hash == mail.row.content_hash || (was_in_series && !mail.in_series())) {
      return false;
    }
    const auto raw = messages.raw(id);
    if (!raw) {
      return false;
    }
    const std::string_view now = mail.incoming->raw;
    if (known.source == mail.incoming->source && now.size() > raw->size() &&
        now.starts_with(*raw)) {
      return true;
    }
    const mail::Message& message = *mail.incoming->parsed;
    if (known.kind != MessageKind::patch || mail.row.kind != MessageKind::patch ||
        !iequals(known.from_email, message.from.email) || !mail::parse_diff(message.diff)) {
      return false;
    }
    const auto before = mail::parse_message(*raw);
    return before && !mail::parse_diff(before->diff);
  }

  void add_duplicate(std::int64_t id, const Prepared& mail, Batch& batch) {
    const auto known = messages.known(id);
    if (!known) {
      return;
    }
    std::vector<std::string> lists = known->list_ids;
    for (const std::string& list : mail.row.list_ids) {
      if (std::find(lists.begin(), lists.end(), list) == lists.end()) {
        lists.push_back(list);
      }
    }
    if (lists.size() != known->list_ids.size()) {
      std::sort(lists.begin(), lists.end());
      messages.set_lists(id, lists);
      m_relisted.push_back(id);
    }
    if (mail.row.kind != MessageKind::unusable && known->content_hash != mail.row.content_hash) {
      batch.duplicate_events.push_back(boost::json::serialize(boost::json::object{
          {"message", id},
          {"msgid", mail.fact.msgid},
          {"source", mail.incoming->source},
          {"note", "another mail with this Message-ID and different content was ignored"}}));
    }
  }

  void add_relisted(Batch& batch) {
    for (const std::int64_t id : m_relisted) {
      if (const auto row =
              database.one<std::int64_t>("SELECT thread FROM series_mails WHERE id = ?", id)) {
        batch.dirty.insert(std::get<0>(*row));
        batch.relisted.push_back(id);
      }
    }
    m_relisted.clear();
  }

  // Other content may leave a series as it was, but for what its patches do.
  void add_replaced(Batch& batch) {
    for (const std::int64_t id : m_replaced) {
      const auto row =
          database.one<std::int64_t>("SELECT series FROM series_mails WHERE id = ?", id);
      if (row && std::get<0>(*row) != 0) {
        batch.changes.changed.try_emplace(std::get<0>(*row));
      }
    }
    m_replaced.clear();
  }

  // Of those patches and covers that are stored now. Their ids may be far apart: a mail that others
  // answered before it came has had its own since then.
  std::unordered_map<std::int64_t, std::int64_t> series_of_fresh(const Batch& batch) {
    std::vector<std::int64_t> ids;
    for (const Prepared& mail : batch.fresh) {
      if (mail.in_series()) {
        ids.push_back(mail.row.id);
      }
    }
    std::unordered_map<std::int64_t, std::int64_t> series;
    each_in<std::int64_t>(
        database, "SELECT id, series FROM series_mails WHERE id", ids,
        [&](const store::Row& row) { series.emplace(row.integer(0), row.integer(1)); });
    return series;
  }

  void tell_messages(const Batch& batch, store::EventWriter& events) {
    const auto series = series_of_fresh(batch);
    for (const Prepared& mail : batch.fresh) {
      const auto found = mail.in_series() ? series.find(mail.row.id) : series.end();
      boost::json::object payload{{"message", mail.row.id}, {"msgid", mail.fact.msgid}};
      if (mail.row.kind == MessageKind::unusable) {
        payload["reason"] = mail.row.reason;
      }
      events.add(event_kind(mail.row.kind),
                 found != series.end() ? std::optional(found->second) : std::nullopt, std::nullopt,
                 boost::json::serialize(payload));
    }
    for (const std::int64_t id : batch.relisted) {
      events.add("message-relisted", std::nullopt, std::nullopt,
                 boost::json::serialize(boost::json::object{{"message", id}}));
    }
    for (const std::string& payload : batch.duplicate_events) {
      events.add("message-duplicate", std::nullopt, std::nullopt, payload);
    }
  }

  void tell(const Batch& batch) {
    store::EventWriter events(database, clock.now());
    const auto tell_series = [&](std::string_view kind, std::int64_t number,
                                 boost::json::object payload = {}) {
      payload["number"] = number;
      events.add(kind, number, std::nullopt, boost::json::serialize(payload));
    };
    for (const auto& [number, change] : batch.changes.changed) {
      tell_series(change.created ? "series-created" : "series-changed", number);
    }
    for (const auto& [number, removal] : batch.changes.removed) {
      tell_series("series-removed", number, {{"merged_into", removal.heir}});
    }
    tell_messages(batch, events);
    for (const auto& [number, change] : batch.changes.changed) {
      if (change.completed) {
        tell_series("series-completed", number);
      }
    }
    for (const auto& [number, by] : batch.changes.superseded) {
      tell_series("series-superseded", number, {{"by", by}});
    }
    events.flush();
  }

  IngestOutcome ingest(std::span<const Incoming> incoming, const std::function<void()>& also) {
    std::vector<Prepared> mails;
    mails.reserve(incoming.size());
    std::unordered_set<std::string_view> ids;
    for (const Incoming& mail : incoming) {
      mails.push_back(prepare(mail, options.list_words));
    }
    for (const Prepared& mail : mails) {
      ids.insert(mail.fact.msgid);
      ids.insert(mail.fact.parents.begin(), mail.fact.parents.end());
    }
    const std::vector<std::string_view> wanted(ids.begin(), ids.end());

    m_touched.clear();
    m_relisted.clear();
    m_replaced.clear();
    Batch batch;
    store::Transaction transaction(database);
    if (!mails.empty()) {
      wait_for_writers();
      ThreadIndex index(database);
      index.load(wanted);
      take(index, std::move(mails), batch);
      add_relisted(batch);
      reassemble(database, std::move(batch.dirty), options.list_words, batch.changes);
      add_replaced(batch);
      update_revisions(database, batch.changes);
      update_dependencies(database, batch.changes);
      tell(batch);
    }
    if (also) {
      also();
    }
    transaction.commit();
    for (const auto& [number, _] : batch.changes.changed) {
      batch.outcome.changed_series.push_back(number);
    }
    for (const Prepared& mail : batch.fresh) {
      if (!mail.incoming->parsed) {
        batch.outcome.unparsed.push_back(static_cast<std::size_t>(mail.incoming - incoming.data()));
      }
    }
    return std::move(batch.outcome);
  }

  std::vector<std::int64_t> m_touched;   // mails whose threads may need reassembly
  std::vector<std::int64_t> m_relisted;  // known mails that came by another list
  std::vector<std::int64_t> m_replaced;  // known mails that got another content
};

Tracker::Tracker(store::Database& database, store::BlobStore& blobs, const Clock& clock,
                 TrackerOptions options)
    : m_impl(std::make_unique<Impl>(database, blobs, clock, std::move(options))) {}

Tracker::~Tracker() = default;

IngestOutcome Tracker::ingest(std::span<const Incoming> batch, const std::function<void()>& also) {
  return m_impl->ingest(batch, also);
}

}  // namespace patchmill::tracker
