#include "app/mail_stage.hpp"

#include "pipeline/work_store.hpp"
#include "placement/maintainers.hpp"
#include "util/log.hpp"
#include "util/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace patchmill::app {
namespace {

// A series that touches everything has no maintainers worth a mail.
constexpr std::size_t k_most_paths = 1000;
constexpr std::size_t k_most_maintainers = 50;

// The checkout node of the last attempt.
std::optional<pipeline::Node> last_checkout(pipeline::NodeStore& nodes, std::int64_t series) {
  std::optional<pipeline::Node> last;
  for (auto& node : nodes.of_series(series)) {
    if (node.kind == pipeline::NodeKind::checkout && (!last || node.attempt > last->attempt)) {
      last = std::move(node);
    }
  }
  return last;
}

// Whether any rule of the policy names them.
bool asks_for_maintainers(const Config& config) {
  const auto& rules = config.mail.reporter.policy.rules;
  return std::any_of(rules.begin(), rules.end(), [](const reports::Rule& rule) {
    for (const auto* specs : {&rule.to, &rule.cc}) {
      if (*specs && std::any_of((*specs)->begin(), (*specs)->end(), [](const auto& spec) {
            return spec.role == reports::Role::maintainers;
          })) {
        return true;
      }
    }
    return false;
  });
}

// Whom MAINTAINERS of the base names; empty where no rule asks for them. Not that of the patched
// tree: a patch could name anybody.
Result<std::vector<mail::Address>> maintainers_of(Workspace& workspace,
                                                  const tracker::Series& series,
                                                  const reports::VerdictContext& context) {
  std::vector<mail::Address> people;
  const auto checkout = last_checkout(workspace.nodes(), series.number);
  if (!asks_for_maintainers(workspace.config()) || !checkout || checkout->tree.empty() ||
      context.base_commit.empty()) {
    return people;
  }
  PM_TRY_ASSIGN(auto* repository, workspace.placer().repository(checkout->tree));
  const auto file = repository->read(context.base_commit + ":MAINTAINERS");
  if (!file) {
    if (file.error().kind == ErrorKind::not_found) {
      return people;  // not a tree that has one
    }
    return tl::unexpected(file.error());
  }
  PM_TRY_ASSIGN(const auto patches, placement::load_patches(workspace.queries(), series));
  const placement::Maintainers maintainers(file->data, placement::Keep::all);
  std::set<std::string> paths, known;
  for (const auto& touched : patches.paths) {
    paths.insert(touched.begin(), touched.end());
  }
  if (paths.size() > k_most_paths) {
    return people;
  }
  for (const auto& path : paths) {
    for (const auto* section : maintainers.claims(path)) {
      for (const auto& line : section->maintainers) {
        for (auto& person : mail::parse_addresses(line)) {
          if (people.size() < k_most_maintainers && known.insert(to_lower(person.email)).second) {
            people.push_back(std::move(person));
          }
        }
      }
    }
  }
  return people;
}

}  // namespace

reports::VerdictContext verdict_base(Workspace& workspace, std::int64_t series) {
  reports::VerdictContext context;
  const auto checkout = last_checkout(workspace.nodes(), series);
  const auto run = checkout
                       ? pipeline::WorkStore(workspace.database()).run(series, checkout->attempt)
                       : std::nullopt;
  if (run) {
    context.project = run->project;
    context.base_commit = run->base_commit;
    context.base_described = run->base_described;
    // "mainline v6.1-rc3-12-gabc…": the tree is told beside it.
    if (context.base_described.starts_with(checkout->tree + " ")) {
      context.base_described.erase(0, checkout->tree.size() + 1);
    }
  }
  return context;
}

Result<void> note_verdict(Workspace& workspace, const tracker::Series& series) {
  auto context = verdict_base(workspace, series.number);
  const auto verdict = workspace.nodes().verdict(series.number);
  const bool mailable = verdict && verdict->verdict != findings::Verdict::incomplete &&
                        verdict->verdict != findings::Verdict::skip;
  Result<void> outcome;
  if (mailable) {
    if (auto people = maintainers_of(workspace, series, context)) {
      context.maintainers = *std::move(people);
    } else {
      outcome =
          fail_with(fmt::format("the maintainers of series {}", series.number), people.error());
    }
  }
  reports::Undecided(workspace.database(), workspace.clock()).add(series.number, context);
  return outcome;
}

void note_verdicts(Workspace& workspace) {
  if (workspace.config().mail.enabled()) {
    workspace.on_verdict([&workspace](const tracker::Series& series) {
      if (const auto noted = note_verdict(workspace, series); !noted) {
        log::warning("{}", noted.error().message);
      }
    });
  }
}

Result<std::unique_ptr<MailStage>> MailStage::make(Workspace& workspace) {
  if (!workspace.config().mail.enabled()) {
    return nullptr;
  }
  PM_TRY_ASSIGN(auto templates, reports::load_templates(workspace.config().mail));
  return std::unique_ptr<MailStage>(new MailStage(workspace, std::move(templates)));
}

MailStage::MailStage(Workspace& workspace, reports::TemplateSet templates)
    : m_workspace(workspace),
      m_reporter(workspace.database(), workspace.blobs(), workspace.clock(),
                 workspace.config().mail.reporter, std::move(templates)),
      m_undecided(workspace.database(), workspace.clock()) {}

int MailStage::decide() {
  return m_undecided.decide(m_reporter, m_workspace.queries());
}

Result<reports::Preview> MailStage::preview(const tracker::Series& series) {
  auto context = verdict_base(m_workspace, series.number);
  PM_TRY_ASSIGN(context.maintainers, maintainers_of(m_workspace, series, context));
  return m_reporter.preview(series, context);
}

}  // namespace patchmill::app
