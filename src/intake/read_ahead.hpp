#pragma once
// Reading a source and parsing its mails ahead of whoever stores them.

#include "intake/importer.hpp"
#include "intake/source.hpp"
#include "tracker/tracker.hpp"
#include "util/thread_pool.hpp"

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace patchmill::intake {

// Mails that are stored together, in the order of their source.
struct Batch {
  std::vector<tracker::Incoming> mails;
  std::function<void(store::Database&)> checkpoint;  // after these mails
  SourceProgress position;                           // after these mails
  std::size_t bytes = 0;
  bool last = false;
  std::optional<Error> problem;  // why the source ended early
  std::vector<Error> left_out;   // what the source went past
};

// One thread reads, the pool parses, pop() hands out finished batches in order.
class ReadAhead {
 public:
  // All of them outlive the object. The source is resumed already; it is read within the
  // CancelScope that counts on the calling thread.
  ReadAhead(Source& source, const ImportOptions& options, ThreadPool& parsers);
  ~ReadAhead();  // stops reading; waits for a next() of the source that is under way
  ReadAhead(const ReadAhead&) = delete;
  ReadAhead& operator=(const ReadAhead&) = delete;

  // Waits for the next batch; the last one is marked. Rethrows what a parser threw.
  std::unique_ptr<Batch> pop();
  // Call it when a batch has been stored. The parsers take it apart, which is a tenth of the work
  // of storing it; then as many bytes are let in again.
  void dispose(std::unique_ptr<Batch> batch);

 private:
  struct Pending {
    std::unique_ptr<Batch> batch = std::make_unique<Batch>();
    std::size_t submitted = 0;  // mails given to the parsers
    std::size_t unparsed = 0;   // of those
    bool complete = false;      // no more mails come in
  };

  void read(int cancel_fd);
  bool read_batch();
  void submit(Pending& pending);
  void parse(Pending& pending, std::size_t begin, std::size_t end);
  bool wait_for_room();

  Source& m_source;
  const ImportOptions& m_options;
  ThreadPool& m_parsers;
  std::mutex m_mutex;
  std::condition_variable m_changed;
  std::deque<std::unique_ptr<Pending>> m_batches;
  std::size_t m_bytes = 0;    // read and not released
  std::size_t m_running = 0;  // parser tasks
  bool m_stop = false;
  std::exception_ptr m_failure;
  std::thread m_reader;
};

}  // namespace patchmill::intake
