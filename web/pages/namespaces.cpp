#include "web/pages/namespaces.h"

#include "web/pages/quotas.h"
#include "web/widgets/forms.h"

namespace web {
namespace {

constexpr std::string_view kNone = "none";  // of projects

std::vector<Choice> project_choices(App& app, const std::string& cluster) {
  std::vector<Choice> out;
  for (const auto& [id, p] : projects_of(app, cluster).items)
    out.push_back({id, std::string(p.str("name", id)), {}});
  return out;
}

bool dns_label(std::string_view s) {
  if (s.empty() || s.size() > 63 || s.front() == '-' || s.back() == '-') return false;
  for (const char c : s) {
    if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-')) return false;
  }
  return true;
}

}  // namespace

std::string namespaces_path(const std::string& cluster) {
  return "/v3/cluster/" + url_escape(cluster) + "/namespaces";
}

Collection& namespaces_of(App& app, const std::string& cluster) {
  ClusterView& view = app.cluster(cluster);
  Collection& c = app.v3.collection("namespace", namespaces_path(cluster));
  if (view.namespace_list == nullptr) {
    if (const ApiKind* kind = view.discovery.find("", "namespaces"))
      view.namespace_list = std::make_unique<TableList>(app.api, view.base, *kind);
  }
  if (view.namespace_list == nullptr) return c;
  view.namespace_list->show({});
  view.namespace_list->tick(ui().now);
  // The watch says that something changed; what it is, the management API tells.
  if (view.namespace_list->version() != view.namespaces_seen && !c.loading) {
    const bool first = view.namespaces_seen == 0;
    view.namespaces_seen = view.namespace_list->version();
    if (!first || c.loaded) app.v3.reload(c);
  }
  return c;
}

Collection& projects_of(App& app, const std::string& cluster) {
  return app.v3.collection("project", "/v3/projects?clusterId=" + url_escape(cluster));
}

bool has_link(const Json& object, std::string_view name) {
  return object.at({"links", name}) != nullptr;
}

bool has_action(const Json& object, std::string_view name) {
  return object.at({"actions", name}) != nullptr;
}

std::string project_href(std::string_view id) {
  const size_t colon = id.find(':');
  if (colon == id.npos) return {};
  return "/dashboard/c/" + url_escape(id.substr(0, colon)) + "/projects/" +
         url_escape(id.substr(colon + 1));
}

std::string namespace_href(std::string_view cluster, std::string_view name) {
  return "/dashboard/c/" + url_escape(cluster) + "/r/core/namespaces/_/" + url_escape(name);
}

void NamespaceDialog::ask(std::string cluster, std::string project) {
  cluster_ = std::move(cluster);
  project_ = project.empty() ? std::string(kNone) : std::move(project);
  name_.clear();
  error_.clear();
  busy_ = done_ = false;
  opening_ = true;
}

void NamespaceDialog::draw(App& app) {
  if (opening_) open_dialog("Create namespace");
  opening_ = false;
  Rect r;
  if (!begin_dialog("Create namespace", tokens::kShellDialogSm, 318, &r)) return;
  const float x = r.Min.x + 24, w = r.GetWidth() - 48;
  float y = dialog_head(r, "Create namespace");
  bool submitted = false;
  const bool wrong = !name_.empty() && !dns_label(name_);
  field(x, y, w, "Name", name_,
        {.hint = "team-a", .error = wrong ? "no name" : "", .focus = ImGui::IsWindowAppearing()},
        wrong ? "small letters, digits and hyphens" : "", &submitted);
  y += kFieldHeight;
  field_label(x, y, w, "Project");
  std::vector<Choice> choices = project_choices(app, cluster_);
  choices.insert(choices.begin(), Choice{std::string(kNone), "No project", {}});
  choose(box(x, y + 22, w, 32), "Project", choices, project_);
  y += 60;
  const Json* p = projects_of(app, cluster_).find(project_);
  const std::string words =
      p == nullptr ? "" : quota_words(p->at({"namespaceDefaultResourceQuota", "limit"}));
  if (!words.empty()) {
    text_wrap(x, y, tokens::kTypeSmall, col().text_secondary, "It gets: " + words, w, 16, 2);
    say_text(box(x, y, w, 32), "It gets: " + words);
  }
  const bool ready = dns_label(name_) && !busy_;
  const Foot foot = dialog_foot(
      r, {.action = "Create", .ready = ready, .busy = busy_, .tip = "A name", .error = error_});
  if ((foot == Foot::kGo || submitted) && ready) {
    busy_ = true;
    error_.clear();
    Json body = Json::object({{"type", "namespace"}, {"name", name_}});
    if (project_ != kNone) body.set("projectId", project_);
    app.api.send("POST", namespaces_path(cluster_), body,
                 alive_.guard([this, &app, name = name_, cluster = cluster_](Result<Json> answer) {
                   busy_ = false;
                   if (!answer) {
                     error_ = answer.error().message();
                     return;
                   }
                   done_ = true;
                   app.toast(Tone::kSuccess, "Created " + name);
                   app.v3.reload(namespaces_of(app, cluster));
                 }));
  }
  if (done_) ImGui::CloseCurrentPopup();
  done_ = false;
  end_dialog();
}

void MoveDialog::ask(std::string cluster, std::vector<std::string> names) {
  cluster_ = std::move(cluster);
  names_ = std::move(names);
  to_.clear();
  error_.clear();
  left_ = moved_ = 0;
  opening_ = true;
}

void MoveDialog::move(App& app) {
  left_ = names_.size();
  moved_ = 0;
  error_.clear();
  const Json body = Json::object({{"projectId", to_ == kNone ? Json(nullptr) : Json(to_)}});
  for (const std::string& name : names_) {
    app.api.send("POST", namespaces_path(cluster_) + "/" + url_escape(name) + "?action=move", body,
                 alive_.guard([this, &app, name](Result<Json> answer) {
                   left_--;
                   if (answer)
                     moved_++;
                   else if (error_.empty())
                     error_ = name + ": " + answer.error().message();
                   if (left_ > 0) return;
                   app.v3.reload(namespaces_of(app, cluster_));
                   app.v3.reload(projects_of(app, cluster_));
                   if (!error_.empty()) return;
                   app.toast(Tone::kSuccess,
                             "Moved " + plural(static_cast<int64_t>(moved_), "namespace"));
                 }));
  }
}

// What it does to quotas, before it is done.
float MoveDialog::effect(App& app, float x, float y, float w) {
  if (to_.empty()) return y;
  const Json* to = projects_of(app, cluster_).find(to_);
  std::vector<const Json*> moving;
  bool limited = false, over = false;
  for (const std::string& name : names_) {
    const Json* ns = namespaces_of(app, cluster_).find(name);
    if (ns == nullptr) continue;
    moving.push_back(ns);
    limited |= !quota_words(ns->at({"resourceQuota", "limit"})).empty();
  }
  std::vector<std::string> lines;
  if (to != nullptr) lines = quota_with(*to, moving, over);
  std::string words;
  if (lines.empty()) {
    words = limited ? (to == nullptr ? "Without a project they have no quota any more."
                                     : "That project has no quota: theirs ends.")
                    : "There is no quota there.";
  } else {
    words = "It would have given out ";
    for (size_t i = 0; i < lines.size(); i++) words += (i == 0 ? "" : "; ") + lines[i];
    words += over ? ". What does not fit may start nothing new." : ".";
  }
  const float h = text_wrap(x, y, tokens::kTypeSmall,
                            over ? col().state_error_text : col().text_secondary, words, w, 18, 4);
  say_text(box(x, y, w, h), words);
  return y + h;
}

void MoveDialog::draw(App& app) {
  if (opening_) open_dialog("Move namespaces");
  opening_ = false;
  Rect r;
  if (!begin_dialog("Move namespaces", tokens::kShellDialogSm, 366, &r)) return;
  const float x = r.Min.x + 24, w = r.GetWidth() - 48;
  float y = dialog_head(
      r, names_.size() == 1 ? "Move " + names_[0]
                            : "Move " + plural(static_cast<int64_t>(names_.size()), "namespace"));
  y += text_wrap(x, y - 4, tokens::kTypeBody, col().text_secondary,
                 (names_.size() == 1 ? std::string("Its") : names_text(names_) + ": their") +
                     " workloads go on running. Members of the old project lose their rights "
                     "there, members of the new one get theirs.",
                 w, 20, 4) +
       8;
  field_label(x, y, w, "To project");
  std::vector<Choice> choices = project_choices(app, cluster_);
  choices.push_back({std::string(kNone), "No project", {}});
  choose(box(x, y + 22, w, 32), "To project", choices, to_, "Choose a project");
  effect(app, x, y + 64, w);
  if (dialog_foot(r, {.action = "Move",
                      .ready = !to_.empty() && left_ == 0,
                      .busy = left_ > 0,
                      .tip = "Choose a project first",
                      .error = error_}) == Foot::kGo)
    move(app);
  if (left_ == 0 && moved_ > 0 && error_.empty()) ImGui::CloseCurrentPopup();
  end_dialog();
}

}  // namespace web
