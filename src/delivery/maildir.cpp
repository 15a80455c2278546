#include "delivery/maildir.hpp"

#include "util/fd.hpp"
#include "util/hash.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <system_error>

namespace patchmill::delivery {
namespace fs = std::filesystem;
namespace {

tl::unexpected<Error> failed(std::string_view what, const fs::path& path) {
  return fail(ErrorKind::infrastructure,
              fmt::format("{} {}: {}", what, path.string(), std::strerror(errno)));
}

Result<void> sync_folder(const fs::path& folder) {
  const Fd fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd.valid() || ::fsync(fd.get()) != 0) {
    return failed("cannot sync", folder);
  }
  return {};
}

Result<void> write_synced(const fs::path& path, std::string_view bytes) {
  const Fd fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!fd.valid()) {
    return failed("cannot write", path);
  }
  while (!bytes.empty()) {
    const ssize_t n = ::write(fd.get(), bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) {
      continue;
    }
    if (n <= 0) {
      return failed("cannot write", path);
    }
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
  if (::fsync(fd.get()) != 0) {
    return failed("cannot write", path);
  }
  return {};
}

class MaildirTransport final : public Transport {
 public:
  explicit MaildirTransport(fs::path folder) : m_folder(std::move(folder)) {}

  bool repeatable() const override { return true; }

  std::vector<RecipientOutcome> deliver(const Mailing& mailing,
                                        const PointOfNoReturn& point) override {
    bool broken_off = false;
    const auto done = put(mailing, point, broken_off);
    std::vector<RecipientOutcome> outcomes;
    for (const auto& address : mailing.recipients) {
      if (broken_off) {
        outcomes.push_back({address, Outcome::deferred,
                            "broken off before the end: somebody else has taken over"});
      } else {
        outcomes.push_back({address, done ? Outcome::accepted : Outcome::deferred,
                            done ? *done : done.error().message});
      }
    }
    return outcomes;
  }

 private:
  // The mail is there already, as we left it or as a reader filed it ("NAME:2,S").
  [[nodiscard]] bool is_delivered(const std::string& name) const {
    std::error_code error;
    if (fs::exists(m_folder / "new" / name, error)) {
      return true;
    }
    for (const auto& entry : fs::directory_iterator(m_folder / "cur", error)) {
      const std::string file = entry.path().filename().string();
      if (file == name || file.starts_with(name + ":")) {
        return true;
      }
    }
    return false;
  }

  void remove_leftovers(const std::string& name) const {
    std::error_code error;
    for (const auto& entry : fs::directory_iterator(m_folder / "tmp", error)) {
      if (entry.path().filename().string().starts_with(name + ".")) {
        fs::remove(entry.path(), error);
      }
    }
  }

  Result<std::string> put(const Mailing& mailing, const PointOfNoReturn& point, bool& broken_off) {
    for (const char* part : {"tmp", "new", "cur"}) {
      std::error_code error;
      fs::create_directories(m_folder / part, error);
      if (error) {
        return fail(ErrorKind::infrastructure, fmt::format("cannot make the maildir {}: {}",
                                                           m_folder.string(), error.message()));
      }
    }
    // The same mail to others (those who were deferred) is another file.
    std::string recipients;
    for (const auto& address : mailing.recipients) {
      recipients += address + "\n";
    }
    const std::string name =
        fmt::format("patchmill.{}", sha256_hex(mailing.name + "\n" + recipients).substr(0, 32));
    remove_leftovers(name);
    if (is_delivered(name)) {
      return fmt::format("is in {} already", m_folder.string());
    }
    const fs::path unfinished = m_folder / "tmp" / fmt::format("{}.{}", name, ::getpid());
    PM_TRY(write_synced(unfinished, mailing.mail));
    if (!point(mailing.recipients)) {
      broken_off = true;
      std::error_code ignored;
      fs::remove(unfinished, ignored);
      return std::string();
    }
    if (::rename(unfinished.c_str(), (m_folder / "new" / name).c_str()) != 0) {
      return failed("cannot move the mail into", m_folder / "new");
    }
    PM_TRY(sync_folder(m_folder / "new"));
    return fmt::format("put into {}", m_folder.string());
  }

  fs::path m_folder;
};

}  // namespace

std::unique_ptr<Transport> make_maildir_transport(fs::path folder) {
  return std::make_unique<MaildirTransport>(std::move(folder));
}

}  // namespace patchmill::delivery
