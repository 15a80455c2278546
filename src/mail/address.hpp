#pragma once
// A person as a mail names them.

#include <string>
#include <string_view>
#include <vector>

namespace patchmill::mail {

struct Address {
  std::string name;   // decoded, UTF-8, may be empty
  std::string email;  // as written; compare with same_email()

  friend bool operator==(const Address&, const Address&) = default;
};

bool same_email(std::string_view a, std::string_view b);  // ASCII case folding
// author: From and its like, which name one person. What stands before an unquoted comma and is no
// address belongs to the name behind it then ("Author, Ann <ann@example.org>"), as git am has it.
enum class AddressField { list, author };
// RFC 5322 section 3.4 address list, with the obsolete forms of the field
// ("u at h (Name)", "u@h (Name)", bare). Broken entries are skipped.
std::vector<Address> parse_addresses(std::string_view header_value,
                                     AddressField field = AddressField::list);
// "Name <mail>", quoted where RFC 5322 needs it.
std::string to_string(const Address& address);

}  // namespace patchmill::mail
