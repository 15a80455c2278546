// Patchwork's API over a small project of our own, for real clients:
//
//   patchwork_server FOLDER      makes FOLDER/store.db where there is none, prints the address and
//   a
//                                token of its maintainer, and serves until its input ends

#include "api/patchwork/api.hpp"
#include "api/patchwork/sample.hpp"
#include "api/patchwork/store_rows.hpp"
#include "api/xmlrpc/api.hpp"
#include "http/server.hpp"
#include "registry/list_index.hpp"
#include "store/migrations.hpp"

#include <cstdio>
#include <filesystem>

using namespace patchmill;

int main(int argc, char** argv) try {
  if (argc != 2) {
    std::fputs("usage: patchwork_server FOLDER\n", stderr);
    return 2;
  }
  const std::filesystem::path folder = argv[1];
  std::filesystem::create_directories(folder);
  const std::string url = (folder / "store.db").string();
  store::BlobStore blobs(folder / "blobs");
  {
    const auto database = store::Database::open(url);
    store::migrate(*database);
    if (database->value<std::int64_t>("SELECT COUNT(*) FROM registry_projects") == 0) {
      auto data = api::patchwork::test::sample();
      data.series.front().dependencies.clear();
      api::patchwork::test::fill(*database, blobs, data);
    }
  }
  store::Pool pool([&] { return store::Database::open(url); }, 4);
  registry::ListIndex index;
  const SystemClock clock;
  http::MemoryTokenStore tokens;
  http::Authenticator authenticator(tokens, clock);
  const auto token =
      create_token(tokens, clock, {"test", "maint", {"write:checks", "write:patches"}, {}});
  auto router = std::make_shared<http::Router>();
  api::patchwork::Options options;
  options.open = api::patchwork::registry_of(pool, blobs, clock, &index);
  options.authenticator = &authenticator;
  add_routes(*router, options);
  api::xmlrpc::add_routes(*router, std::move(options));
  http::IoThreads io(1);
  http::ServerConfig config;
  config.listen = {{"127.0.0.1:0", false}};
  auto server = http::Server::start(io.context(), std::move(config), std::move(router));
  if (!server) {
    std::fprintf(stderr, "patchwork_server: %s\n", server.error().message.c_str());
    return 1;
  }
  std::printf("%s\n%s\n", (*server)->addresses().front().c_str(), token->secret.c_str());
  std::fflush(stdout);
  while (std::getchar() != EOF) {
  }
  return 0;
} catch (const std::exception& error) {
  std::fprintf(stderr, "patchwork_server: %s\n", error.what());
  return 1;
}
