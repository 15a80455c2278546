#pragma once
// Looks at every part of the service every few seconds: leases are kept, health is written down.

#include "intake/source_health.hpp"
#include "service/event_pump.hpp"
#include "service/front_loop.hpp"
#include "service/health_state.hpp"
#include "service/mail_thread.hpp"
#include "service/part_figures.hpp"
#include "service/registry_loop.hpp"
#include "service/scheduler.hpp"
#include "service/tree_loop.hpp"
#include "service/worker_pool.hpp"

#include <condition_variable>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

namespace patchmill::service {

class HealthReporter {
 public:
  // All outlive the reporter; the functions are called on its thread.
  struct Watched {
    std::function<std::unique_ptr<store::Database>()> open;
    std::filesystem::path data;
    const Clock* clock = nullptr;
    HealthState* health = nullptr;
    Scheduler* scheduler = nullptr;
    FrontLoop* front = nullptr;
    WorkerPool* workers = nullptr;
    EventPump* events = nullptr;
    const MailThread* mail = nullptr;
    std::function<std::vector<intake::SourceHealth>()> sources;
    std::function<std::vector<TreeHealth>()> trees;
    const RegistryLoop* registry = nullptr;  // none: nothing is kept for Patchwork's clients
  };
  explicit HealthReporter(Watched watched);
  ~HealthReporter();  // stops and waits; the store learns that the service has ended
  HealthReporter(const HealthReporter&) = delete;
  HealthReporter& operator=(const HealthReporter&) = delete;

  // As they were at the last look.
  [[nodiscard]] std::vector<intake::SourceHealth> sources() const;
  [[nodiscard]] std::vector<TreeHealth> trees() const;
  // What is wrong with what Patchwork's clients get, now; empty: nothing.
  [[nodiscard]] std::string patchwork_error() const;
  // Of sources and trees as they were at the last look, the rest of now.
  [[nodiscard]] PartFigures figures() const;
  // Nothing is looked at as long as the lock lives.
  [[nodiscard]] std::unique_lock<std::mutex> pause() { return std::unique_lock(m_looking); }

 private:
  void run(const std::stop_token& stop);
  void look();
  void look_at_sources();
  void look_at_trees();
  void look_at_work();
  void look_at_mail();
  void look_at_patchwork();
  void look_at_disk();
  void save();
  void forget_missing(Part part, std::set<std::string>& known, std::set<std::string> now);

  const Watched m_watched;
  std::unique_ptr<store::Database> m_database;
  std::set<std::string> m_known_sources, m_known_trees;
  std::mutex m_looking;
  mutable std::mutex m_mutex;
  std::condition_variable_any m_changed;
  std::vector<intake::SourceHealth> m_sources;
  std::vector<TreeHealth> m_trees;
  std::jthread m_thread;
};

}  // namespace patchmill::service
