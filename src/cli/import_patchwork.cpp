#include "app/patchwork_dump_import.hpp"
#include "app/patchwork_import.hpp"
#include "cli/cmd_import.hpp"
#include "cli/output.hpp"
#include "cli/patchwork_section.hpp"
#include "intake/importer.hpp"
#include "intake/secret.hpp"
#include "patchwork/dump.hpp"
#include "registry/follow.hpp"
#include "util/text.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <system_error>

namespace patchmill::cli {
namespace {

constexpr const char* const k_variable = "PATCHMILL_PATCHWORK_TOKEN";
constexpr std::size_t k_step = 2000;
// A migration is agreed upon with whoever runs the server; a poll is not.
constexpr double k_requests_per_second = 100;

patchwork::InstanceConfig instance_config(const WantedPatchwork& wanted) {
  patchwork::InstanceConfig config;
  config.url = wanted.place;
  config.client.host.requests_per_second = k_requests_per_second;
  config.client.host.burst = k_requests_per_second;
  intake::Secret secret{wanted.token_file, {}};
  if (secret.empty() && std::getenv(k_variable) != nullptr) {
    secret.env = k_variable;
  }
  if (!secret.empty()) {
    config.token = [secret] { return intake::read_secret(secret); };
    config.token_for_reading = true;
  }
  return config;
}

void print_report(const Common& common, store::Database& database,
                  const app::PatchworkImportReport& report) {
  const auto& counts = report.counts;
  if (common.json) {
    boost::json::array left_out;
    for (const auto& one : report.left_out) {
      left_out.emplace_back(one.message);
    }
    const boost::json::object out{{"projects", counts.projects}, {"series", counts.series},
                                  {"patches", counts.patches},   {"covers", counts.covers},
                                  {"comments", counts.comments}, {"checks", counts.checks},
                                  {"bundles", counts.bundles},   {"events", counts.events},
                                  {"known", counts.known},       {"renumbered", counts.renumbered},
                                  {"mails", report.mails},       {"left_out", std::move(left_out)},
                                  {"missed", report.missed}};
    print_json(out);
    return;
  }
  fmt::print("{}, {}, {}, {} new series, {}, {}, {}, {} known already\n",
             count_of(report.mails, "new mail"), count_of(counts.patches, "patch", "patches"),
             count_of(counts.covers, "cover"), counts.series, count_of(counts.comments, "comment"),
             count_of(counts.checks, "check"), count_of(counts.bundles, "bundle"), counts.known);
  if (counts.events > 0) {
    fmt::print("  {}\n", count_of(counts.events, "event"));
  }
  if (counts.renumbered > 0) {
    fmt::print("  {} could not keep the id they have there: it belongs to something here\n",
               counts.renumbered);
  }
  if (report.missed > 0) {
    fmt::print("  {} could not be had in full: the same command tries them again first\n",
               count_of(report.missed, "patch or cover", "patches and covers"));
  }
  if (report.projects.empty()) {
    return;
  }
  fmt::print(
      "`patchmill serve` goes on with them when the list is among the `sources` of the "
      "configuration, which has also:\n{}",
      patchwork_section(database, report.projects));
}

bool is_dump(const std::string& place) {
  return place.find("://") == std::string::npos;
}

}  // namespace

int import_whole_patchwork(const Common& common, const WantedPatchwork& wanted) {
  std::error_code unreadable;
  if (is_dump(wanted.place) && !std::filesystem::exists(wanted.place, unreadable)) {
    return report(
        {ErrorKind::not_found,
         fmt::format("{}: {}; give the file of a dump, or the address of a Patchwork with "
                     "http:// or https://",
                     wanted.place, unreadable ? unreadable.message() : "there is no such file")});
  }
  auto workspace = common.workspace();
  if (!workspace) {
    return report(workspace.error());
  }
  auto lock = intake::lock_intake((*workspace)->config().data, false);
  if (!lock) {
    return report({ErrorKind::infrastructure, lock.error().message});
  }
  std::optional<Error> error;
  app::PatchworkImportReport told;
  {
    Progress progress("importing", common.quiet);
    const auto on_progress = [&](const app::PatchworkImportProgress& state) {
      progress.update(state.done, state.total,
                      fmt::format("{}, {}", state.what, count_of(state.mails, "new mail")));
    };
    const auto run = [&](auto&& import) {
      if (const auto done = import.run(wanted.projects); !done) {
        error = done.error();
      }
      told = import.report();
    };
    auto& space = **workspace;
    if (is_dump(wanted.place)) {
      const auto dump = patchwork::Dump::open(wanted.place);
      if (!dump) {
        return report(dump.error());
      }
      run(app::PatchworkDumpImport(space.database(), space.blobs(), space.clock(), *dump,
                                   on_progress));
    } else {
      patchwork::Instance instance(instance_config(wanted));
      run(app::PatchworkImport(space.database(), space.blobs(), space.clock(), instance,
                               on_progress));
    }
  }
  {
    Progress progress("counting", common.quiet);
    std::uint64_t taken = 0;
    while (const auto step = registry::follow((*workspace)->database(), (*workspace)->blobs(),
                                              (*workspace)->clock().now(), k_step)) {
      taken += step;
      progress.update(taken, 0, count_of(taken, "mail"));
    }
  }
  // An unknown project or a file that is cut is found before anything is taken over.
  const bool nothing_done = error && told.projects.empty();
  if (!nothing_done) {
    print_report(common, (*workspace)->database(), told);
  }
  int status = k_pass;
  for (const auto& one : told.left_out) {
    status = std::max(status, report(one));
  }
  if (error) {
    const auto* kept =
        nothing_done ? "" : "; what was reached is kept, the same command goes on from there";
    status = std::max(status, report({error->kind, error->message + kept}));
  }
  return status;
}

}  // namespace patchmill::cli
