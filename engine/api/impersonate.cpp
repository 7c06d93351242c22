#include "engine/api/impersonate.h"

#include <algorithm>

#include "engine/api/call.h"
#include "engine/base/text.h"

namespace engine {
namespace {

constexpr std::string_view kExtra = "impersonate-extra-";
constexpr std::string_view kAccount = "system:serviceaccount:";

// Keys of extras are escaped as in URLs, for headers cannot hold every character.
std::string unescape(std::string_view text) {
  auto digit = [](char c) {
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
  };
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size() && digit(text[i + 1]) >= 0 &&
        digit(text[i + 2]) >= 0) {
      out += static_cast<char>(digit(text[i + 1]) * 16 + digit(text[i + 2]));
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out;
}

struct Wanted {
  User user;
  bool any = false;
};

Wanted read_headers(const Request& request) {
  Wanted out;
  for (const auto& [name, value] : request.headers) {
    auto key = lower(name);
    if (key == "impersonate-user")
      out.user.name = value;
    else if (key == "impersonate-group")
      out.user.groups.push_back(value);
    else if (key == "impersonate-uid")
      out.user.uid = value;
    else if (key.starts_with(kExtra)) {
      auto extra = unescape(std::string_view(key).substr(kExtra.size()));
      auto known = std::find_if(out.user.extra.begin(), out.user.extra.end(),
                                [&](const auto& e) { return e.first == extra; });
      if (known == out.user.extra.end())
        out.user.extra.push_back({extra, {value}});
      else
        known->second.push_back(value);
    } else {
      continue;
    }
    out.any = true;
  }
  return out;
}

class Asker {
 public:
  Asker(const User& user, Authorizer& authorizer) : user_(user), authorizer_(authorizer) {}
  Result<Unit> ask(std::string_view group, std::string_view resource, std::string_view subresource,
                   std::string_view ns, std::string_view name) {
    Attributes asked;
    asked.verb = "impersonate";
    asked.group = group;
    asked.resource = resource;
    asked.subresource = subresource;
    asked.ns = ns;
    asked.name = name;
    auto decision = authorizer_.authorize(user_, asked);
    if (decision.allowed) return Unit{};
    return forbidden_by(user_, asked, decision);
  }

 private:
  const User& user_;
  Authorizer& authorizer_;
};

Result<Unit> ask_all(Asker& asker, const User& wanted) {
  constexpr std::string_view kAuthn = "authentication.k8s.io";
  if (wanted.name.starts_with(kAccount)) {
    auto rest = std::string_view(wanted.name).substr(kAccount.size());
    auto colon = std::min(rest.find(':'), rest.size());
    auto name = colon < rest.size() ? rest.substr(colon + 1) : std::string_view();
    TRY(asker.ask("", "serviceaccounts", "", rest.substr(0, colon), name));
  } else {
    TRY(asker.ask("", "users", "", "", wanted.name));
  }
  for (const auto& group : wanted.groups) TRY(asker.ask("", "groups", "", "", group));
  for (const auto& [key, values] : wanted.extra)
    for (const auto& value : values) TRY(asker.ask(kAuthn, "userextras", key, "", value));
  if (!wanted.uid.empty()) TRY(asker.ask(kAuthn, "uids", "", "", wanted.uid));
  return Unit{};
}

// The groups that everybody of that kind is in.
void add_implied_groups(User& user) {
  auto add = [&](std::string group) {
    if (std::find(user.groups.begin(), user.groups.end(), group) == user.groups.end())
      user.groups.push_back(std::move(group));
  };
  if (user.name.starts_with(kAccount) && user.groups.empty()) {
    auto rest = std::string_view(user.name).substr(kAccount.size());
    add("system:serviceaccounts");
    add("system:serviceaccounts:" + std::string(rest.substr(0, rest.find(':'))));
  }
  if (user.name == "system:anonymous")
    add("system:unauthenticated");
  else
    add("system:authenticated");
}

}  // namespace

Result<bool> impersonate(Request& request, Authorizer& authorizer) {
  auto wanted = read_headers(request);
  if (!wanted.any) return false;
  if (wanted.user.name.empty())
    return Status::internal("requested to impersonate groups, a uid or extras without a user");
  Asker asker(request.user, authorizer);
  TRY(ask_all(asker, wanted.user));
  add_implied_groups(wanted.user);
  request.user = std::move(wanted.user);
  std::vector<std::string> names;
  for (const auto& [name, value] : request.headers)
    if (lower(name).starts_with("impersonate-")) names.push_back(name);
  for (const auto& name : names) request.headers.remove(name);
  return true;
}

}  // namespace engine
