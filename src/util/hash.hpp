#pragma once
// SHA-1 and SHA-256 over OpenSSL, as lower-case hexadecimal.

#include <memory>
#include <string>
#include <string_view>

namespace patchmill {

std::string sha1_hex(std::string_view data);
std::string sha256_hex(std::string_view data);

class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(const Sha256&) = delete;
  Sha256& operator=(const Sha256&) = delete;
  void update(std::string_view data);
  std::string hex();  // finishes; the object may not be updated afterwards

 private:
  struct State;
  std::unique_ptr<State> m_state;
};

}  // namespace patchmill
