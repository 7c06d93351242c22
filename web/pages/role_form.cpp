// The form that makes a role or edits one: name, what it inherits, its rules line by line.
#include <algorithm>
#include <cmath>

#include "web/pages/list_page.h"
#include "web/pages/roles.h"
#include "web/widgets/forms.h"

namespace web {
namespace {

constexpr std::string_view kVerbs[] = {"get",    "list",  "watch",  "create",
                                       "update", "patch", "delete", "deletecollection"};

std::vector<std::string> words_of(std::string_view typed) {
  std::vector<std::string> out;
  while (!typed.empty()) {
    const size_t end = typed.find(',');
    std::string_view one = typed.substr(0, end);
    while (!one.empty() && one.front() == ' ') one.remove_prefix(1);
    while (!one.empty() && one.back() == ' ') one.remove_suffix(1);
    if (!one.empty()) out.emplace_back(one);
    typed = end == typed.npos ? std::string_view() : typed.substr(end + 1);
  }
  return out;
}

Json list_of(const std::vector<std::string>& words) {
  Json out = Json::array();
  for (const std::string& w : words) out.push_back(w);
  return out;
}

struct RuleDraft {
  std::vector<std::string> verbs;
  std::string resources, groups, names, urls;
  bool has(std::string_view verb) const {
    return std::find(verbs.begin(), verbs.end(), verb) != verbs.end();
  }
  void toggle(const std::string& verb) {
    if (std::erase(verbs, verb) == 0) verbs.push_back(verb);
  }
};

RuleDraft draft_of(const Json& rule) {
  RuleDraft d;
  d.verbs = strings_of(rule.find("verbs"));
  d.resources = joined(strings_of(rule.find("resources")));
  std::vector<std::string> groups = strings_of(rule.find("apiGroups"));
  for (std::string& g : groups) {
    if (g.empty()) g = "core";
  }
  d.groups = joined(groups);
  d.names = joined(strings_of(rule.find("resourceNames")));
  d.urls = joined(strings_of(rule.find("nonResourceURLs")));
  return d;
}

Json rule_of(const RuleDraft& d) {
  Json out = Json::object({{"verbs", list_of(d.verbs)}});
  if (!words_of(d.urls).empty()) {
    out.set("nonResourceURLs", list_of(words_of(d.urls)));
    return out;
  }
  std::vector<std::string> groups = words_of(d.groups);
  for (std::string& g : groups) {
    if (g == "core") g.clear();
  }
  if (groups.empty()) groups.emplace_back();
  out.set("apiGroups", list_of(groups));
  out.set("resources", list_of(words_of(d.resources)));
  if (const auto names = words_of(d.names); !names.empty())
    out.set("resourceNames", list_of(names));
  return out;
}

class RoleForm final : public Page {
 public:
  explicit RoleForm(const Route& r) {
    if (r.part(1) == "create") {
      context_ = r.part(2);
      const auto from = r.query.find("from");
      from_ = from == r.query.end() ? std::string() : from->second;
    } else {
      context_ = r.part(1) == "global" ? "global" : "template";
      id_ = from_ = r.part(2);
    }
    if (from_.empty()) {
      loaded_ = true;
      rules_.emplace_back();
    }
  }
  std::string title(App&) override { return id_.empty() ? "Create role" : "Edit role"; }
  bool unsaved() const override { return touched_; }

 private:
  bool global() const { return context_ == "global"; }
  const char* default_field() const {
    return global()                ? "newUserDefault"
           : context_ == "project" ? "projectCreatorDefault"
                                   : "clusterCreatorDefault";
  }

  void load(const Json& role) {
    if (context_ == "template") context_ = role.str("context", "cluster");
    name_ = std::string(role.str("name")) + (id_.empty() ? " copy" : "");
    words_ = role.str("description");
    locked_ = role.truth({"locked"});
    by_default_ = !id_.empty() && role.truth({default_field()});
    inherits_ = strings_of(role.find("roleTemplateIds"));
    if (const Json* rules = role.find("rules"); rules != nullptr && rules->is_array()) {
      for (const Json& rule : rules->as_array()) rules_.push_back(draft_of(rule));
    }
    loaded_ = true;
  }

  std::string problem() const {
    if (name_.empty()) return "A name is needed";
    for (size_t i = 0; i < rules_.size(); i++) {
      const RuleDraft& d = rules_[i];
      const std::string at = "Rule " + std::to_string(i + 1) + ": ";
      if (d.verbs.empty()) return at + "choose what it may do";
      if (words_of(d.resources).empty() && words_of(d.urls).empty())
        return at + "name the resources";
    }
    if (rules_.empty() && inherits_.empty()) return "A rule, or a role to inherit, is needed";
    return {};
  }

  void save() {
    busy_ = true;
    error_.clear();
    Json rules = Json::array();
    for (const RuleDraft& d : rules_) rules.push_back(rule_of(d));
    Json body = Json::object({{"type", global() ? "globalRole" : "roleTemplate"},
                              {"name", name_},
                              {"description", words_},
                              {"rules", std::move(rules)},
                              {default_field(), by_default_}});
    if (!global()) {
      body.set("locked", locked_);
      body.set("roleTemplateIds", list_of(inherits_));
      if (id_.empty()) body.set("context", context_);
    }
    Collection& all = roles_of(*app_, context_);
    app_->api.send(id_.empty() ? "POST" : "PUT",
                   id_.empty() ? all.path : all.path + "/" + url_escape(id_), body,
                   alive_.guard([this, &all](Result<Json> answer) {
                     busy_ = false;
                     if (!answer) {
                       error_ = answer.error().message();
                       return;
                     }
                     touched_ = false;
                     app_->toast(Tone::kSuccess, (id_.empty() ? "Created " : "Saved ") + name_);
                     const std::string id(answer->str("id"));
                     app_->v3.put(all, std::move(*answer));
                     app_->go(role_page(context_, id));
                   }));
  }

  float verbs(RuleDraft& d, float x, float y, float w) {
    field_label(x, y, w, "May");
    float vx = x, vy = y + 26;
    if (checkbox(vx, vy, "everything", d.has("*") ? Check::kOn : Check::kOff, true)) {
      d.verbs = d.has("*") ? std::vector<std::string>() : std::vector<std::string>{"*"};
      touched_ = true;
    }
    vx += 44 + text_width(tokens::kTypeBody, "everything");
    for (const std::string_view verb : kVerbs) {
      const float vw = 24 + text_width(tokens::kTypeBody, verb);
      if (vx + vw > x + w) {
        vx = x;
        vy += 26;
      }
      if (checkbox(vx, vy, verb, d.has("*") || d.has(verb) ? Check::kOn : Check::kOff, true,
                   d.has("*"))) {
        d.toggle(std::string(verb));
        touched_ = true;
      }
      vx += vw + 20;
    }
    return vy + 30;
  }

  // One rule as a card; false when it is to go.
  bool rule(size_t i, float x, float& y, float w) {
    RuleDraft& d = rules_[i];
    const std::string n = "Rule " + std::to_string(i + 1);
    ImGui::PushID(static_cast<int>(i));
    const float top = y;
    y += 12;
    text(x + 16, y, tokens::kTypeSection, col().text_primary, n, 24);
    const bool drop = icon_button(x + w - 44, y - 4, tokens::kIconClose, "Without " + n).pressed;
    y = verbs(d, x + 16, y + 28, w - 32);
    const bool narrow = w < 560;
    const float half = narrow ? w - 32 : std::floor((w - 44) / 2);
    touched_ |= field(x + 16, y, half, "Resources", d.resources, {.hint = "deployments, pods/log"},
                      "* is all");
    if (narrow) y += kFieldHeight;
    touched_ |= field(narrow ? x + 16 : x + 28 + half, y, half, "API groups", d.groups,
                      {.hint = "core, apps"}, "* is all");
    y += kFieldHeight;
    touched_ |=
        field(x + 16, y, half, "Only these names", d.names, {.hint = "all names"}, "optional");
    if (global()) {
      if (narrow) y += kFieldHeight;
      touched_ |= field(narrow ? x + 16 : x + 28 + half, y, half, "Or paths", d.urls,
                        {.hint = "/healthz, /metrics"}, "instead of resources");
    }
    y += kFieldHeight;
    outline(Rect(x, top, x + w, y), col().border_default, tokens::kRadiusUseCard);
    y += 16;
    ImGui::PopID();
    return !drop;
  }

  float inheritance(float x, float y, float w) {
    field_label(x, y, w, "Inherits", "everything these allow");
    y += 24;
    size_t drop = inherits_.size();
    float tx = x;
    for (size_t i = 0; i < inherits_.size(); i++) {
      const std::string name = role_name(*app_, inherits_[i]);
      const float cw = button_width(name, {.icon_after = tokens::kIconClose, .height = 28});
      if (tx + cw > x + w && tx > x) {
        tx = x;
        y += 34;
      }
      ImGui::PushID(static_cast<int>(i) + 500);
      if (button(tx, y, name,
                 {.icon_after = tokens::kIconClose, .tip = "Do not inherit it", .height = 28}))
        drop = i;
      ImGui::PopID();
      tx += cw + 6;
    }
    if (!inherits_.empty()) y += 36;
    if (drop < inherits_.size()) {
      inherits_.erase(inherits_.begin() + static_cast<std::ptrdiff_t>(drop));
      touched_ = true;
    }
    std::vector<Choice> left;
    for (const auto& [id, role] : role_templates(*app_).items) {
      if (id == id_ || role.str("context") != context_) continue;
      if (std::find(inherits_.begin(), inherits_.end(), id) == inherits_.end())
        left.push_back({id, std::string(role.str("name", id)), {}});
    }
    std::string add;
    if (choose(box(x, y, ImMin(280.0f, w), 32), "Inherit a role", left, add, "Inherit a role")) {
      inherits_.push_back(add);
      touched_ = true;
    }
    return y + 52;
  }

  float fields(float x, float y, float w) {
    touched_ |= field(x, y, w, "Name", name_, {.hint = "Release manager", .focus = fresh_});
    fresh_ = false;
    y += kFieldHeight;
    touched_ |= field(x, y, w, "Description", words_, {}, "optional");
    y += kFieldHeight;
    const char* label = global()                ? "New users get it"
                        : context_ == "project" ? "Who creates a project gets it"
                                                : "Who creates a cluster gets it";
    if (switch_box(x, y, label, by_default_, true)) {
      by_default_ = !by_default_;
      touched_ = true;
    }
    y += 32;
    if (!global()) {
      if (switch_box(x, y, "Locked: nobody new can be given it", locked_, true)) {
        locked_ = !locked_;
        touched_ = true;
      }
      y = inheritance(x, y + 40, w);
    }
    text(x, y, tokens::kTypeSection, col().text_primary, "Rules", 24);
    say_heading(box(x, y, 60, 24), "Rules", 2);
    y += 32;
    for (size_t i = 0; i < rules_.size(); i++) {
      if (rule(i, x, y, w)) continue;
      rules_.erase(rules_.begin() + static_cast<std::ptrdiff_t>(i));
      touched_ = true;
      break;  // the others in the next frame
    }
    if (button(x, y, "Add a rule", {.icon = tokens::kIconPlus})) {
      rules_.emplace_back();
      touched_ = true;
    }
    return y + 48;
  }

  void draw_content(Frame& f) override {
    app_ = &f.app;
    const Rect& a = f.area;
    page_head(f, {.title = title(*app_),
                  .note = context_ == "global"    ? "global"
                          : context_ == "project" ? "of a project"
                                                  : "of a cluster"});
    if (!loaded_) {
      const Json* role = roles_of(*app_, context_).find(from_);
      if (role == nullptr) return skeleton_rows(Rect(a.Min.x, a.Min.y + 64, a.Max.x, a.Max.y), 40);
      load(*role);
    }
    const float pad = app_->phone() ? 16 : 24;
    const Rect body(a.Min.x, a.Min.y + 64, a.Max.x, a.Max.y - tokens::kShellActionBar);
    if (begin_area("form", body)) {
      end_area(fields(a.Min.x + pad, body.Min.y + 20 - ImGui::GetScrollY(),
                      ImMin(tokens::kShellFormMax, a.GetWidth() - pad * 2)));
    } else {
      end_area();
    }
    const FormBar bar = form_bar(f, {.action = id_.empty() ? "Create" : "Save",
                                     .wrong = problem(),
                                     .error = error_,
                                     .busy = busy_});
    if (bar == FormBar::kSave) save();
    if (bar == FormBar::kCancel) {
      touched_ = false;
      app_->go(id_.empty() ? "/dashboard/roles" + (global() ? "" : "#" + context_)
                           : role_page(context_, id_));
    }
  }

  App* app_ = nullptr;
  std::string context_, id_, from_, name_, words_, error_;
  std::vector<std::string> inherits_;
  std::vector<RuleDraft> rules_;
  bool locked_ = false, by_default_ = false;
  bool loaded_ = false, busy_ = false, touched_ = false, fresh_ = true;
  Lifetime alive_;
};

}  // namespace

void register_role_form(PageSet& set) {
  auto page = [](const Route& r) { return std::make_unique<RoleForm>(r); };
  set.add("roles/create/*", page);
  set.add("roles/global/*/edit", page);
  set.add("roles/template/*/edit", page);
}

}  // namespace web
