#include "intake/freedesktop_feed.hpp"
#include "util/text.hpp"

#include <fmt/format.h>

#include <utility>

namespace patchmill::intake {
namespace {

// Asked anew after each failure: it may be another one by then.
class EditionFeed final : public Feed {
 public:
  EditionFeed(std::shared_ptr<patchwork::Instance> instance, std::string project,
              PatchworkFeedOptions options)
      : m_instance(std::move(instance)), m_project(std::move(project)), m_options(options) {}

  std::string place() const override {
    return fmt::format("{}project/{}/", m_instance->name(), escape_terminal(m_project));
  }
  Result<std::vector<std::unique_ptr<Source>>> open(Positions& positions, Waiter& waiter) override {
    PM_TRY(m_instance->discover());
    const auto edition = m_instance->edition();
    if (!m_feed || edition != m_edition) {
      m_feed = edition == patchwork::Edition::freedesktop
                   ? follow_freedesktop(m_instance, m_project, m_options)
                   : follow_patchwork(m_instance, m_project, m_options);
      m_edition = edition;
    }
    return m_feed->open(positions, waiter);
  }
  Result<void> wait(Waiter& waiter) override { return m_feed->wait(waiter); }
  void left_out(const Source& source, std::vector<Error> errors) override {
    m_feed->left_out(source, std::move(errors));
  }
  std::string complaint() const override { return m_feed ? m_feed->complaint() : std::string(); }
  void reset() override {
    m_instance->forget();
    if (m_feed) {
      m_feed->reset();
    }
  }

 private:
  std::shared_ptr<patchwork::Instance> m_instance;
  std::string m_project;
  PatchworkFeedOptions m_options;
  std::unique_ptr<Feed> m_feed;
  patchwork::Edition m_edition = patchwork::Edition::getpatchwork;
};

}  // namespace

std::unique_ptr<Feed> follow_any_patchwork(std::shared_ptr<patchwork::Instance> instance,
                                           std::string project, PatchworkFeedOptions options) {
  return std::make_unique<EditionFeed>(std::move(instance), std::move(project), options);
}

}  // namespace patchmill::intake
