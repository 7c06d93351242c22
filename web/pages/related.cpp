#include "web/pages/related.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "web/pages/app.h"

namespace web {
namespace {

constexpr const char* kMetadata =
    "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json";

struct Child {
  const char *group, *plural;
};

// The kinds whose objects an object of this kind makes.
std::vector<Child> children_of(const ApiKind& kind) {
  if (kind.group == "apps" && kind.plural == "deployments") return {{"apps", "replicasets"}};
  if (kind.group == "apps" && (kind.plural == "statefulsets" || kind.plural == "daemonsets"))
    return {{"apps", "controllerrevisions"}};
  if (kind.group == "batch" && kind.plural == "cronjobs") return {{"batch", "jobs"}};
  if (kind.group.empty() && kind.plural == "services")
    return {{"discovery.k8s.io", "endpointslices"}};
  if ((kind.group == "apps" && kind.plural == "replicasets") ||
      (kind.group == "batch" && kind.plural == "jobs"))
    return {{"", "pods"}};
  return {};
}

bool owned_by(const Json& meta, std::string_view uid) {
  const Json* owners = meta.find("ownerReferences");
  if (owners == nullptr || !owners->is_array()) return false;
  for (const Json& o : owners->as_array()) {
    if (o.str("uid") == uid) return true;
  }
  return false;
}

}  // namespace

std::vector<Related::Line> Related::owners(App& app, const std::string& cluster,
                                           const Json& object) {
  std::vector<Line> lines;
  const Json* list = object.at({"metadata", "ownerReferences"});
  if (list == nullptr || !list->is_array()) return lines;
  const std::string ns(object.str({"metadata", "namespace"}));
  for (const Json& o : list->as_array()) {
    const ApiKind* k = app.cluster(cluster).discovery.find_kind(o.str("apiVersion"), o.str("kind"));
    const std::string space = k != nullptr && k->namespaced ? ns : "";
    lines.push_back({std::string(o.str("kind")), space, std::string(o.str("name")),
                     k == nullptr ? "" : object_url(cluster, *k, space, o.str("name")),
                     o.truth({"controller"}) ? "controls it" : ""});
  }
  return lines;
}

std::vector<Related::Line> Related::uses(App& app, const std::string& cluster, const Json& object) {
  std::vector<Line> lines;
  std::set<std::string> seen;
  const std::string ns(object.str({"metadata", "namespace"}));
  auto add = [&](const char* plural, const char* kind, std::string_view name, const char* note) {
    if (name.empty() || !seen.insert(std::string(kind) + "/" + std::string(name)).second) return;
    const ApiKind* k = app.cluster(cluster).discovery.find("", plural);
    const std::string space = k != nullptr && k->namespaced ? ns : "";
    lines.push_back({kind, space, std::string(name),
                     k == nullptr ? "" : object_url(cluster, *k, space, name), note});
  };
  const Json* spec = object.at({"spec", "template", "spec"});
  if (spec == nullptr) spec = object.at({"spec", "jobTemplate", "spec", "template", "spec"});
  if (spec == nullptr) spec = object.find("spec");
  if (spec == nullptr) return lines;
  add("nodes", "Node", spec->str("nodeName"), "runs there");
  add("serviceaccounts", "ServiceAccount", spec->str("serviceAccountName"), "runs as");
  add("persistentvolumes", "PersistentVolume", spec->str("volumeName"), "bound");
  auto each = [](const Json* list, auto&& f) {
    if (list == nullptr || !list->is_array()) return;
    for (const Json& one : list->as_array()) f(one);
  };
  each(spec->find("volumes"), [&](const Json& v) {
    add("configmaps", "ConfigMap", v.str({"configMap", "name"}), "volume");
    add("secrets", "Secret", v.str({"secret", "secretName"}), "volume");
    add("persistentvolumeclaims", "PersistentVolumeClaim",
        v.str({"persistentVolumeClaim", "claimName"}), "volume");
  });
  for (const char* group : {"initContainers", "containers"}) {
    each(spec->find(group), [&](const Json& c) {
      each(c.find("envFrom"), [&](const Json& e) {
        add("configmaps", "ConfigMap", e.str({"configMapRef", "name"}), "environment");
        add("secrets", "Secret", e.str({"secretRef", "name"}), "environment");
      });
      each(c.find("env"), [&](const Json& e) {
        add("configmaps", "ConfigMap", e.str({"valueFrom", "configMapKeyRef", "name"}),
            "environment");
        add("secrets", "Secret", e.str({"valueFrom", "secretKeyRef", "name"}), "environment");
      });
    });
  }
  each(spec->find("imagePullSecrets"),
       [&](const Json& s) { add("secrets", "Secret", s.str("name"), "pulls images"); });
  each(spec->find("tls"),
       [&](const Json& t) { add("secrets", "Secret", t.str("secretName"), "certificate"); });
  each(spec->find("rules"), [&](const Json& rule) {
    each(rule.at({"http", "paths"}), [&](const Json& p) {
      add("services", "Service", p.str({"backend", "service", "name"}), "leads to");
    });
  });
  return lines;
}

void Related::ask(App& app, const std::string& cluster, const ApiKind& kind, const Json& object) {
  if (waiting_ > 0 || ui().now - asked_at_ < 10000) return;
  asked_at_ = ui().now;
  ClusterView& view = app.cluster(cluster);
  const std::string ns(object.str({"metadata", "namespace"})), uid(object.str({"metadata", "uid"}));
  auto found = std::make_shared<std::vector<Line>>();
  for (const Child& child : children_of(kind)) {
    const ApiKind* k = view.discovery.find(child.group, child.plural);
    if (k == nullptr || !k->can_list) continue;
    waiting_++;
    app.api.get(
        view.base + k->list_path(ns) + "?limit=500",
        alive_.guard([this, found, uid, ns, cluster, k = *k](Result<Json> answer) {
          waiting_--;
          if (!answer) {
            failed_ = answer.error().message();
            return;
          }
          failed_.clear();
          const Json* items = answer->find("items");
          if (items == nullptr || !items->is_array()) return;
          for (const Json& item : items->as_array()) {
            const Json* meta = item.find("metadata");
            if (meta == nullptr || !owned_by(*meta, uid)) continue;
            std::string note;
            if (const auto at = meta->str({"annotations", "deployment.kubernetes.io/revision"});
                !at.empty())
              note = "revision " + std::string(at);
            const int64_t made = parse_time(meta->str("creationTimestamp"));
            if (made > 0) note += (note.empty() ? "" : ", ") + age_text(made, ui().wall) + " old";
            found->push_back({k.kind, ns, std::string(meta->str("name")),
                              object_url(cluster, k, ns, meta->str("name")), note});
          }
          std::sort(found->begin(), found->end(),
                    [](const Line& a, const Line& b) { return a.name < b.name; });
          owns_ = *found;
        }),
        kMetadata);
  }
}

float Related::section(App& app, float x, float y, float w, const char* title,
                       const std::vector<Line>& lines, const char* none) {
  const auto& c = col();
  const size_t n = ImMax<size_t>(1, lines.size());
  const float h = 52 + 36 * static_cast<float>(n);
  card(box(x, y, w, h));
  text(x + 16, y + 12, tokens::kTypeSection, c.text_primary, title, 24);
  say_heading(box(x + 16, y + 12, w - 32, 24), title, 2);
  float ly = y + 46;
  if (lines.empty()) {
    hline(x, x + w, ly, c.border_subtle);
    text(x + 16, ly, tokens::kTypeBody, c.text_tertiary, none, 36);
    say_text(box(x + 16, ly, w - 32, 36), none);
  }
  for (const Line& l : lines) {
    hline(x, x + w, ly, c.border_subtle);
    text_fit(x + 16, ly, tokens::kTypeBody, c.text_secondary, l.kind, 180, 36);
    const float note = text_width(tokens::kTypeSmall, l.note);
    const std::string shown = fit_middle(tokens::kTypeBodyStrong, l.name, w - 240 - note);
    ImGui::PushID(l.kind.c_str());
    ImGui::PushID(l.name.c_str());
    if (l.href.empty())
      text(x + 204, ly, tokens::kTypeBodyStrong, c.text_primary, shown, 36);
    else if (link(x + 204, ly, tokens::kTypeBodyStrong, shown, l.href, 36))
      app.go(l.href);
    ImGui::PopID();
    ImGui::PopID();
    text_right(x + w - 16, ly, tokens::kTypeSmall, c.text_tertiary, l.note, 36);
    ly += 36;
  }
  return y + h + 16;
}

void Related::draw(App& app, const std::string& cluster, const Rect& r, const ApiKind& kind,
                   const Json& object) {
  ask(app, cluster, kind, object);
  if (!begin_area("related", r)) return end_area();
  const float x = r.Min.x + 24, w = ImMin(r.GetWidth() - 48, 880.0f);
  float y = r.Min.y + 20 - ImGui::GetScrollY();
  y = section(app, x, y, w, "Owned by", owners(app, cluster, object),
              "Nothing owns it: it was made by a person or a tool.");
  if (!children_of(kind).empty()) {
    y = section(app, x, y, w, "Owns", owns_,
                waiting_ > 0      ? "Looking for what it owns"
                : failed_.empty() ? "It owns nothing."
                                  : failed_.c_str());
  }
  y = section(app, x, y, w, "Uses", uses(app, cluster, object), "It refers to nothing else.");
  end_area(y + 8);
}

}  // namespace web
