#pragma once
// All sources of a service, followed at the same time.

#include "intake/follower.hpp"
#include "intake/mail_writer.hpp"
#include "intake/source_health.hpp"
#include "intake/source_spec.hpp"
#include "util/clock.hpp"
#include "util/thread_pool.hpp"

#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace patchmill::intake {

// One writer, and a follower a source (or a folder or group of one); whoever has it holds
// lock_intake(). Each source fails and recovers by itself.
class LiveIntake {
 public:
  // All of them outlive the object. `parsers`: threads; 0: one a processor.
  LiveIntake(MailWriter& writer, const Clock& clock, std::filesystem::path mirrors_dir,
             unsigned parsers = 0);
  ~LiveIntake();  // stops; takes less than a second unless a disk or the store hangs

  // Follows these sources from now on: new ones are started, those that are gone or changed
  // stopped (and started as they are now), the rest is not disturbed. The specs are right (see
  // check_source(), and names are unique). May wait for up to a second for those that stop. Throws
  // std::system_error when threads or descriptors run out; what was started stays, call it again.
  void follow(const std::vector<SourceSpec>& sources);
  // By name, in the order of the names.
  [[nodiscard]] std::vector<SourceHealth> health() const;
  // Looks now: at the source of that name, or at all where it is empty. False: there is none.
  bool wake(const std::string& name = {});

 private:
  struct Followed {
    SourceSpec spec;
    std::vector<std::unique_ptr<Follower>> followers;
  };
  MailWriter& m_writer;
  const Clock& m_clock;
  std::filesystem::path m_mirrors_dir;
  ThreadPool m_parsers;
  std::mutex m_changing;       // follow() one at a time
  mutable std::mutex m_mutex;  // the map; never held while waiting for threads
  std::map<std::string, Followed> m_sources;
};

}  // namespace patchmill::intake
