#include "intake/live_intake.hpp"

#include <algorithm>
#include <thread>
#include <utility>

namespace patchmill::intake {

LiveIntake::LiveIntake(MailWriter& writer, const Clock& clock, std::filesystem::path mirrors_dir,
                       unsigned parsers)
    : m_writer(writer),
      m_clock(clock),
      m_mirrors_dir(std::move(mirrors_dir)),
      m_parsers(parsers > 0 ? parsers : std::max(1u, std::thread::hardware_concurrency())) {}

LiveIntake::~LiveIntake() {
  follow({});
}

void LiveIntake::follow(const std::vector<SourceSpec>& sources) {
  const std::lock_guard changing(m_changing);
  std::vector<Followed> ending;
  std::vector<const SourceSpec*> starting;
  {
    const std::lock_guard lock(m_mutex);
    for (auto it = m_sources.begin(); it != m_sources.end();) {
      const bool stays =
          std::find(sources.begin(), sources.end(), it->second.spec) != sources.end();
      if (stays) {
        ++it;
        continue;
      }
      for (const auto& follower : it->second.followers) {
        follower->stop();
      }
      ending.push_back(std::move(it->second));
      it = m_sources.erase(it);
    }
    for (const auto& spec : sources) {
      if (!m_sources.contains(spec.name)) {
        starting.push_back(&spec);
      }
    }
  }
  // A source that changed may not be read twice at the same time: the old reader ends first.
  ending.clear();
  for (const auto* spec : starting) {
    Followed followed{*spec, {}};
    for (auto& [name, feed, backoff] : open_feeds(*spec, m_mirrors_dir)) {
      FollowOptions options;
      options.name = name;
      options.list_id = spec->list_id;
      options.backoff = backoff;
      followed.followers.push_back(std::make_unique<Follower>(std::move(feed), m_writer, m_parsers,
                                                              m_clock, std::move(options)));
    }
    const std::lock_guard lock(m_mutex);
    m_sources.emplace(spec->name, std::move(followed));
  }
}

std::vector<SourceHealth> LiveIntake::health() const {
  std::vector<SourceHealth> all;
  const std::lock_guard lock(m_mutex);
  for (const auto& [name, followed] : m_sources) {
    for (const auto& follower : followed.followers) {
      all.push_back(follower->health());
    }
  }
  return all;
}

bool LiveIntake::wake(const std::string& name) {
  bool found = false;
  const std::lock_guard lock(m_mutex);
  for (const auto& [source, followed] : m_sources) {
    for (const auto& follower : followed.followers) {
      if (name.empty() || name == source || name == follower->name()) {
        follower->wake();
        found = true;
      }
    }
  }
  return found;
}

}  // namespace patchmill::intake
