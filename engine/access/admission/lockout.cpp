#include "engine/access/admission/lockout.h"

#include <algorithm>

#include "engine/access/server_user.h"
#include "engine/kinds/causes.h"

namespace engine {
namespace {

constexpr std::string_view kGroup = "management.cattle.io";
constexpr std::string_view kRbac = "rbac.authorization.k8s.io";
using Operation = AdmissionRequest::Operation;

bool enabled(const Json& user) {
  return user.truth({"enabled"}, true);
}

bool is_master(const User& user) {
  return std::find(user.groups.begin(), user.groups.end(), "system:masters") != user.groups.end();
}

// Whose right to everything an object gives: a binding of the role admin, or one to cluster-admin.
std::vector<std::string> administrators_in(const Kind& kind, const Json& binding) {
  std::vector<std::string> out;
  if (kind.plural == "globalrolebindings") {
    if (binding.str("globalRoleName") == "admin" && !binding.str("userName").empty())
      out.emplace_back(binding.str("userName"));
    return out;
  }
  if (binding.str({"roleRef", "name"}) != "cluster-admin") return out;
  const Json* subjects = binding.find("subjects");
  if (!subjects || !subjects->is_array()) return out;
  for (const Json& subject : subjects->as_array())
    if (subject.is_object() && subject.str("kind") == "User") out.emplace_back(subject.str("name"));
  return out;
}

class Lockout final : public Admission {
 public:
  Lockout(Authorizer& authorizer, Dispatcher& dispatcher, KindSet& kinds)
      : authorizer_(authorizer),
        dispatcher_(dispatcher),
        users_(kinds.snapshot()->stored(kGroup, "users")),
        groups_(dispatcher, kinds) {}

  Result<Unit> validate(const AdmissionRequest& request) override {
    if (request.operation == Operation::create || !request.old) return Unit{};
    const bool user = request.kind.group == kGroup && request.kind.plural == "users";
    if (user && request.operation == Operation::update) TRY(keep_name(request));
    if (is_master(request.user)) return Unit{};
    if (user) return check_user(request);
    if (request.kind.group == kGroup && request.kind.plural == "globalrolebindings")
      return check_binding(request);
    if (request.kind.group == kRbac && request.kind.plural == "clusterrolebindings")
      return check_binding(request);
    return Unit{};
  }

 private:
  static Result<Unit> keep_name(const AdmissionRequest& request) {
    std::string_view before = request.old->str("username");
    std::string_view now = request.object->str("username");
    if (before.empty() || before == now) return Unit{};
    return Status::invalid(
        request.kind.group, request.kind.kind, std::string(request.name),
        {cause_invalid("username", Json(now), "a user's name can't be changed")});
  }

  Result<Unit> check_user(const AdmissionRequest& request) {
    const bool removes = request.operation == Operation::remove;
    if (!enabled(*request.old) || (!removes && enabled(*request.object))) return Unit{};
    if (request.user.name == request.name)
      return refuse(request,
                    removes ? "You cannot delete yourself" : "You cannot deactivate yourself");
    return keep_one(request, {std::string(request.name)});
  }

  Result<Unit> check_binding(const AdmissionRequest& request) {
    std::vector<std::string> lost = administrators_in(request.kind, *request.old);
    if (lost.empty()) return Unit{};
    if (request.operation == Operation::update)
      for (const std::string& kept : administrators_in(request.kind, *request.object))
        std::erase(lost, kept);
    if (std::find(lost.begin(), lost.end(), request.user.name) != lost.end())
      return refuse(request, "You cannot take the administrator's rights from yourself");
    return lost.empty() ? Result<Unit>(Unit{}) : keep_one(request, lost);
  }

  // Refuses unless somebody else than these is an administrator.
  Result<Unit> keep_one(const AdmissionRequest& request, const std::vector<std::string>& lost) {
    const bool any = std::any_of(lost.begin(), lost.end(),
                                 [&](const std::string& name) { return administers(name); });
    if (!any) return Unit{};
    auto all = TRY(dispatcher_.list(*users_, "", nullptr, "", 0));
    for (const auto& cached : all.objects) {
      if (std::find(lost.begin(), lost.end(), cached->name) != lost.end()) continue;
      if (cached->bytes->find("\"enabled\":false") == std::string::npos &&
          administers(cached->name))
        return Unit{};
    }
    return refuse(request, "the last administrator can't be taken away");
  }

  bool administers(const std::string& name) {
    User user;
    user.name = name;
    user.groups = {"system:authenticated", "system:cattle:authenticated"};
    for (const std::string& group : groups_.of("local://" + name))
      user.groups.push_back(Groups::principal_of(group));
    Attributes everything;
    everything.verb = everything.group = everything.resource = "*";
    return authorizer_.authorize(user, everything).allowed;
  }

  static Status refuse(const AdmissionRequest& request, std::string why) {
    return Status::forbidden(request.kind.about(request.name), "", std::move(why));
  }

  Authorizer& authorizer_;
  Dispatcher& dispatcher_;
  const KindPtr users_;
  Groups groups_;
};

}  // namespace

std::unique_ptr<Admission> make_lockout_admission(Authorizer& authorizer, Dispatcher& dispatcher,
                                                  KindSet& kinds) {
  return std::make_unique<Lockout>(authorizer, dispatcher, kinds);
}

}  // namespace engine
