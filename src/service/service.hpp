#pragma once
// Everything that `patchmill serve` is, put together: sources, series, workers, mail, pages.

#include "app/config.hpp"
#include "runtimes/runtime.hpp"
#include "util/result.hpp"

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace patchmill::service {

struct ServiceOptions {
  // Where jobs run; one for each worker. Empty: the local sandbox.
  std::function<std::unique_ptr<runtimes::Runtime>()> make_runtime;
};

class Service {
 public:
  // Takes the data folder for itself and starts everything. Errors: another process has the data
  // folder, the store cannot be opened, an address cannot be listened on. A source or tree that
  // does not work is no error: it is shown, and tried again.
  static Result<std::unique_ptr<Service>> start(app::Config config, ServiceOptions options = {});
  ~Service();  // stop()
  Service(const Service&) = delete;
  Service& operator=(const Service&) = delete;

  // What changed is put into effect, the rest goes on undisturbed. Error: it needs a restart (data
  // folder, store, addresses); nothing was changed then.
  Result<void> reload(app::Config config);
  // Running jobs are killed, open requests answered; everything else is in the store already. Takes
  // less than a second unless a disk hangs.
  void stop();

  [[nodiscard]] std::vector<std::string> addresses() const;  // "http://127.0.0.1:8080"
  [[nodiscard]] std::string public_url() const;

 private:
  struct Parts;
  explicit Service(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> m_parts;
};

}  // namespace patchmill::service
