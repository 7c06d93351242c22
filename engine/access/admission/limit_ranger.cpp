#include "engine/access/admission/limit_ranger.h"

#include <algorithm>
#include <cstdio>

#include "engine/access/admission/namespace_objects.h"
#include "engine/base/quantity.h"
#include "engine/kinds/core/pod_amounts.h"

namespace engine {

namespace {

constexpr std::string_view kAnnotation = "kubernetes.io/limit-ranger";

using Faults = std::vector<std::string>;

// What something asks for; a claim has no limits.
struct Asked {
  std::string type;  // Container, Pod, PersistentVolumeClaim
  Amounts requests, limits;
};

void check_min(const Asked& asked, const std::string& name, Quantity bound, Faults& out) {
  const std::string head =
      "minimum " + name + " usage per " + asked.type + " is " + bound.text() + ".";
  const Quantity* request = asked.requests.find(name);
  const Quantity* limit = asked.limits.find(name);
  std::string text = head.substr(0, head.size() - 1);
  if (request == nullptr) {
    out.push_back(head + "  No request is specified");
  } else if (*request < bound) {
    out.push_back(text + ", but request is " + request->text());
  } else if (limit != nullptr && *limit < bound) {
    out.push_back(text + ", but limit is " + limit->text());
  }
}

void check_max(const Asked& asked, const std::string& name, Quantity bound, Faults& out) {
  const std::string text = "maximum " + name + " usage per " + asked.type + " is " + bound.text();
  const Quantity* request = asked.requests.find(name);
  const Quantity* limit = asked.limits.find(name);
  const bool claim = asked.type == "PersistentVolumeClaim";
  if (!claim && limit == nullptr) {
    out.push_back(text + ".  No limit is specified");
  } else if (claim && request == nullptr) {
    out.push_back(text + ".  No request is specified");
  } else if (!claim && bound < *limit) {
    out.push_back(text + ", but limit is " + limit->text());
  } else if (request != nullptr && bound < *request) {
    out.push_back(text + ", but request is " + request->text());
  }
}

void check_ratio(const Asked& asked, const std::string& name, Quantity bound, Faults& out) {
  const std::string text =
      name + " max limit to request ratio per " + asked.type + " is " + bound.text();
  const Quantity* request = asked.requests.find(name);
  const Quantity* limit = asked.limits.find(name);
  if (request == nullptr || request->milli == 0) {
    out.push_back(text + ", but no request is specified or request is 0");
    return;
  }
  if (limit == nullptr || limit->milli == 0) {
    out.push_back(text + ", but no limit is specified or limit is 0");
    return;
  }
  const double ratio = static_cast<double>(limit->milli) / static_cast<double>(request->milli);
  if (ratio * 1000 <= static_cast<double>(bound.milli)) return;
  char printed[64];
  std::snprintf(printed, sizeof printed, "%f", ratio);
  out.push_back(text + ", but provided ratio is " + printed);
}

template <class Check>
void each_bound(const Json& item, std::string_view member, const Check& check) {
  const Json* bounds = item.find(member);
  if (bounds == nullptr || !bounds->is_object()) return;
  for (const auto& [name, value] : bounds->as_object())
    if (auto quantity = quantity_of(value)) check(name, *quantity);
}

void check_item(const Json& item, const Asked& asked, Faults& out) {
  each_bound(item, "min", [&](auto& name, Quantity q) { check_min(asked, name, q, out); });
  each_bound(item, "max", [&](auto& name, Quantity q) { check_max(asked, name, q, out); });
  if (asked.type == "PersistentVolumeClaim") return;
  each_bound(item, "maxLimitRequestRatio",
             [&](auto& name, Quantity q) { check_ratio(asked, name, q, out); });
}

void check_containers(const Json& item, const Json& pod, Faults& out) {
  for (std::string_view list : {"containers", "initContainers"}) {
    const Json* containers = pod.at({"spec", list});
    if (containers == nullptr || !containers->is_array()) continue;
    for (const Json& container : containers->as_array()) {
      Asked asked{"Container", {}, {}};
      asked.requests.add(container.at({"resources", "requests"}));
      asked.limits.add(container.at({"resources", "limits"}));
      check_item(item, asked, out);
    }
  }
}

const JsonArray& items_of(const Json& range) {
  static const JsonArray kNone;
  const Json* limits = range.at({"spec", "limits"});
  return limits != nullptr && limits->is_array() ? limits->as_array() : kNone;
}

void check_object(const Json& range, bool is_pod, const Json& object, Faults& out) {
  for (const Json& item : items_of(range)) {
    std::string_view type = item.str("type");
    if (!is_pod && type == "PersistentVolumeClaim") {
      Asked asked{std::string(type), {}, {}};
      asked.requests.add(object.at({"spec", "resources", "requests"}));
      check_item(item, asked, out);
    }
    if (is_pod && type == "Container") check_containers(item, object, out);
    if (is_pod && type == "Pod")
      check_item(item,
                 {std::string(type), pod_amounts(object, "requests", PodOverhead::left_out),
                  pod_amounts(object, "limits", PodOverhead::left_out)},
                 out);
  }
}

// As a list of one or of several is printed upstream.
std::string told(const Faults& faults) {
  if (faults.size() == 1) return faults[0];
  std::string out = "[";
  Faults seen;
  for (const std::string& fault : faults) {
    if (std::find(seen.begin(), seen.end(), fault) != seen.end()) continue;
    if (!seen.empty()) out += ", ";
    out += fault;
    seen.push_back(fault);
  }
  return seen.size() == 1 ? seen[0] : out + "]";
}

// Sets what is missing in resources.WHAT; "cpu, memory" of what it set, sorted.
std::string fill(Json& container, std::string_view what, const Json& wanted) {
  std::vector<std::string> set;
  for (const auto& [name, value] : wanted.as_object()) {
    Json& list = container.make({"resources", what});
    if (list.find(name) != nullptr) continue;
    list.set(name, value);
    set.push_back(name);
  }
  std::sort(set.begin(), set.end());
  std::string out;
  for (const std::string& name : set) out += (out.empty() ? "" : ", ") + name;
  return out;
}

void set_defaults(const Json& range, Json& pod) {
  Json requests = Json::object(), limits = Json::object();
  for (const Json& item : items_of(range)) {
    if (item.str("type") != "Container") continue;
    for (auto [member, into] : {std::pair{"defaultRequest", &requests}, {"default", &limits}})
      if (const Json* given = item.find(member); given != nullptr && given->is_object())
        for (const auto& [name, value] : given->as_object()) into->set(name, value);
  }
  if (requests.size() + limits.size() == 0) return;
  std::string said;
  auto say = [&](const std::string& names, std::string_view what, std::string_view list,
                 const Json& container) {
    if (names.empty()) return;
    said += said.empty() ? "" : "; ";
    said += names + " " + std::string(what) + " for " +
            (list == "containers" ? "container " : "init container ") +
            std::string(container.str("name"));
  };
  Json& spec = pod["spec"];
  for (std::string_view list : {"containers", "initContainers"}) {
    Json* containers = spec.find(list);
    if (containers == nullptr || !containers->is_array()) continue;
    for (Json& container : containers->as_array()) {
      const std::string by_limit = fill(container, "limits", limits);
      say(fill(container, "requests", requests), "request", list, container);
      say(by_limit, "limit", list, container);
    }
  }
  if (!said.empty())
    pod.make({"metadata", "annotations"}).set(kAnnotation, "LimitRanger plugin set: " + said);
}

class LimitRanger final : public Admission {
 public:
  LimitRanger(Dispatcher& dispatcher, KindSet& kinds)
      : ranges_(dispatcher, kinds.snapshot()->stored("", "limitranges")) {}

  Result<Unit> mutate(AdmissionRequest& request) override {
    if (!concerns(request) || request.kind.plural != "pods") return Unit{};
    const auto ranges = TRY(ranges_.in(request.ns));
    for (const auto& cached : ranges)
      set_defaults(TRY(parse_json(*cached->bytes)), *request.object);
    return Unit{};
  }

  Result<Unit> validate(const AdmissionRequest& request) override {
    if (!concerns(request)) return Unit{};
    const auto ranges = TRY(ranges_.in(request.ns));
    for (const auto& cached : ranges) {
      Faults faults;
      check_object(TRY(parse_json(*cached->bytes)), request.kind.plural == "pods", *request.object,
                   faults);
      if (!faults.empty())
        return Status::forbidden(request.kind.about(request.name), "", told(faults));
    }
    return Unit{};
  }

 private:
  static bool concerns(const AdmissionRequest& request) {
    using Operation = AdmissionRequest::Operation;
    if (!request.kind.group.empty() || request.operation == Operation::remove) return false;
    const bool update = request.operation == Operation::update;
    if (update && !request.old->str({"metadata", "deletionTimestamp"}).empty()) return false;
    if (request.kind.plural == "pods")
      return update ? request.subresource == "resize" : request.subresource.empty();
    return request.kind.plural == "persistentvolumeclaims" && request.subresource.empty();
  }

  NamespaceObjects ranges_;
};

}  // namespace

std::unique_ptr<Admission> make_limit_ranger_admission(Dispatcher& dispatcher, KindSet& kinds) {
  return std::make_unique<LimitRanger>(dispatcher, kinds);
}

}  // namespace engine
