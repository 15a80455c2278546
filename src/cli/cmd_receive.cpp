#include "app/series_addresses.hpp"
#include "cli/command.hpp"
#include "cli/output.hpp"
#include "intake/importer.hpp"
#include "intake/pipe.hpp"
#include "registry/follow.hpp"
#include "store/database.hpp"
#include "util/file.hpp"
#include "util/log.hpp"
#include "util/text.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>
#include <unistd.h>

namespace patchmill::cli {
namespace {

struct ReceiveStorage {
  std::string list_id;
};

// Events of the tracker at once; an archive somebody else stored is left to `serve` and `import`.
constexpr std::size_t k_followed_at_once = 200;

// What Patchwork's clients get. A service or an import that runs does it; the mail is stored
// whatever becomes of this, so that nobody may deliver it again.
void update_registry(app::Workspace& workspace) {
  const auto& config = workspace.config();
  if (config.patchwork.projects.empty() || LockFile::is_held(config.data / "intake.lock")) {
    return;
  }
  try {
    registry::follow(workspace.database(), workspace.blobs(), workspace.clock().now(),
                     k_followed_at_once);
    app::resolve_series_addresses(workspace.database(), config, workspace.clock().now());
  } catch (const store::DatabaseError& error) {
    log::warning("the mail is stored, but Patchwork's clients do not see it yet: {}", error.what());
  }
}

int run(const Common& common, const ReceiveStorage& storage) {
  auto workspace = common.workspace();
  if (!workspace) {
    return report(workspace.error());
  }
  // No lock_intake(): deliveries come at any time, beside a service or an import; there is no
  // cursor to agree on, and the store takes one batch after the other.
  intake::ImportOptions options;
  options.list_id = to_lower(storage.list_id);
  options.parsers = 1;
  std::vector<std::unique_ptr<intake::Source>> sources;
  sources.push_back(intake::open_pipe(STDIN_FILENO, "standard input"));
  intake::Importer importer((*workspace)->database(), (*workspace)->blobs(), (*workspace)->clock(),
                            options);
  const auto done = importer.run(sources);
  if (!done.problems.empty()) {
    return report(done.problems.front());
  }
  if (done.stored + done.duplicates == 0) {
    return report({ErrorKind::invalid, "standard input held no mail"});
  }
  update_registry(**workspace);
  const std::string reason =
      done.unusable_by_reason.empty() ? "" : done.unusable_by_reason.begin()->first;
  if (common.json) {
    const boost::json::object out{{"stored", done.stored},
                                  {"duplicates", done.duplicates},
                                  {"unusable", reason},
                                  {"changed_series", done.changed_series.size()}};
    print_json(out);
  } else if (!common.quiet && !reason.empty()) {
    fmt::print("stored, but it cannot be used: {}\n", escape_terminal(reason));
  }
  return k_pass;
}

}  // namespace

Command receive_command() {
  auto storage = std::make_shared<ReceiveStorage>();
  Command command;
  command.name = "receive";
  command.summary = "Store one mail from standard input (for procmail, sieve, korgalore).";
  command.description =
      "The mail may have a leading From line. Prints nothing when all is well. A mail that cannot "
      "be used is stored with its reason and is no error, so that delivery goes on; exit status 3 "
      "means try again later, 2 that it was an mbox of several mails, which `patchmill import` "
      "takes.";
  command.options = {{"-l,--list-id", "ID", "The list this mail belongs to, whatever it says.",
                      &storage->list_id}};
  command.examples = {
      {"patchmill receive --data /srv/mill <mail", "by hand"},
      {"| patchmill receive -c /etc/patchmill/patchmill.yaml", "in a procmail rule"}};
  command.run = [storage](const Common& common) -> int { return run(common, *storage); };
  return command;
}

}  // namespace patchmill::cli
