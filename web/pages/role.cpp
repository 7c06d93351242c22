// One role: what it allows by itself and by what it inherits, and who has it.
#include <cmath>

#include "web/pages/roles.h"
#include "web/widgets/forms.h"

namespace web {
namespace {

constexpr size_t kHolders = 100;  // shown at most

class RolePage final : public Page {
 public:
  explicit RolePage(const Route& r) : global_(r.part(1) == "global"), id_(r.part(2)) {}
  std::string title(App& app) override {
    return global_ ? global_role_name(app, id_) : role_name(app, id_);
  }

 private:
  Collection& all() { return global_ ? global_roles(*app_) : role_templates(*app_); }

  void head(const Rect& a, const Json& role, const std::string& context) {
    const auto& c = col();
    const float pad = app_->phone() ? 16 : 24;
    std::string_view why;
    const bool may = app_->may_change(&why), builtin = role.truth({"builtin"});
    if (builtin) why = "Built-in roles stay as they are; make a copy";
    float right = a.Max.x - pad;
    if (button_left_of(right, a.Min.y + 16, "Delete",
                       {.kind = ButtonKind::kDangerGhost,
                        .icon = tokens::kIconDeleteOutline,
                        .disabled = !may || builtin,
                        .tip = why}))
      delete_.ask("role", {{title(*app_), all().path + "/" + url_escape(id_)}},
                  {.words = "A role that somebody has, or that another inherits, is not deleted: "
                            "the answer says where it is used.",
                   .done = [app = app_] {
                     if (app->route.part(0) == "roles") app->go("/dashboard/roles");
                   }});
    const std::string copy = role_create(context, id_), edit = role_page(context, id_) + "/edit";
    if (button_left_of(right, a.Min.y + 16, "Make a copy",
                       {.icon = tokens::kIconContentCopy, .href = copy}))
      app_->go(copy);
    if (button_left_of(right, a.Min.y + 16, "Edit",
                       {.icon = tokens::kIconPencilOutline,
                        .disabled = !may || builtin,
                        .tip = why,
                        .href = edit}))
      app_->go(edit);
    const float x = a.Min.x + pad;
    if (app_->phone()) return say_heading(box(x, a.Min.y, 1, 1), title(*app_), 1);
    const float w =
        text_fit(x, a.Min.y, tokens::kTypeTitle, c.text_primary, title(*app_), right - x - 40, 64);
    say_heading(box(x, a.Min.y, w, 64), title(*app_), 1);
    text_fit(x + w + 12, a.Min.y + 2, tokens::kTypeBody, c.text_tertiary,
             context == "global"    ? "global role"
             : context == "cluster" ? "role in a cluster"
                                    : "role in a project",
             right - x - w - 24, 64);
  }

  // What it inherits, and what those inherit, each once.
  void chain(const Json& role, std::vector<std::string>& out) {
    for (const std::string& id : strings_of(role.find("roleTemplateIds"))) {
      bool there = id == id_;
      for (const std::string& one : out) there |= one == id;
      if (there) continue;
      out.push_back(id);
      if (const Json* next = role_templates(*app_).find(id)) chain(*next, out);
    }
  }

  float holders(float x, float y, float w) {
    const auto& c = col();
    std::vector<std::string> lines;
    bool loaded = true;
    auto collect = [&](Collection& bindings, auto place) {
      loaded &= bindings.loaded;
      for (const auto& [id, b] : bindings.items) {
        if (lines.size() < kHolders)
          lines.push_back(person_of_binding(*app_, b).name + "\x1f" + place(b));
      }
    };
    const std::string query = "?roleTemplateId=" + url_escape(id_);
    if (global_) {
      collect(app_->v3.collection("globalRoleBinding",
                                  "/v3/globalRoleBindings?globalRoleId=" + url_escape(id_)),
              [](const Json&) { return std::string(); });
    } else {
      collect(app_->v3.collection("clusterRoleTemplateBinding",
                                  "/v3/clusterRoleTemplateBindings" + query),
              [&](const Json& b) { return "cluster " + app_->cluster_name(b.str("clusterId")); });
      collect(app_->v3.collection("projectRoleTemplateBinding",
                                  "/v3/projectRoleTemplateBindings" + query),
              [&](const Json& b) {
                const std::string pid(b.str("projectId"));
                const size_t colon = pid.find(':');
                return "project " + (colon == pid.npos ? pid : pid.substr(colon + 1)) + " in " +
                       app_->cluster_name(pid.substr(0, colon));
              });
    }
    const Rect r = box(x, y, w, 56 + ImMax(28.0f, 28 * static_cast<float>(lines.size())));
    card(r);
    text(x + 16, y + 12, tokens::kTypeSection, c.text_primary, "Who has it", 24);
    say_heading(box(x + 16, y + 12, 80, 24), "Who has it", 2);
    float at = y + 44;
    if (lines.empty())
      text(x + 16, at, tokens::kTypeBody, c.text_secondary, loaded ? "Nobody" : "", 28);
    for (const std::string& line : lines) {
      const size_t cut = line.find('\x1f');
      const std::string name = line.substr(0, cut), where = line.substr(cut + 1);
      const float nw =
          text_fit(x + 16, at, tokens::kTypeBodyStrong, c.text_primary, name, w * 0.5f, 28);
      text_fit(x + 26 + nw, at, tokens::kTypeSmall, c.text_tertiary, where, w - nw - 42, 28);
      say_text(box(x + 16, at, w - 32, 28), name + " " + where);
      at += 28;
    }
    return r.Max.y + 16;
  }

  float rules(const Json& role, std::string_view heading, float x, float y, float w) {
    text(x, y, tokens::kTypeSection, col().text_primary, heading, 24);
    say_heading(box(x, y, w, 24), heading, 2);
    return rules_table(role, x, y + 28, w) + 8;
  }

  void draw_content(Frame& f) override {
    app_ = &f.app;
    const Rect& a = f.area;
    const Json* found = all().find(id_);
    if (found == nullptr) {
      if (!all().loaded && !all().error.empty()) {
        if (error_page(a, "The role cannot be read", all().error) == 1) app_->v3.reload(all());
      } else if (!all().loaded) {
        skeleton_rows(Rect(a.Min.x, a.Min.y + 64, a.Max.x, a.Max.y), 40);
      } else {
        empty_page(a, tokens::kIconCompassOffOutline, "This role does not exist",
                   "It was deleted, or never was.");
      }
      return delete_.draw(*app_);
    }
    const Json& role = *found;
    const std::string context(global_ ? "global" : role.str("context", "cluster"));
    head(a, role, context);
    hline(a.Min.x, a.Max.x, a.Min.y + 63, col().border_default);
    const Rect body(a.Min.x, a.Min.y + 64, a.Max.x, a.Max.y);
    if (begin_area("role", body)) {
      const float pad = app_->phone() ? 16 : 24, w = a.GetWidth() - pad * 2, x = a.Min.x + pad;
      const bool two = w > 860;
      const float left = two ? w - 340 : w;
      float y = body.Min.y + 16 - ImGui::GetScrollY();
      if (const auto badges = role_badges(role, context); !badges.empty()) {
        tags_line(badges, x, y);
        y += 34;
      }
      if (!role.str("description").empty())
        y += text_wrap(x, y, tokens::kTypeProse, col().text_secondary, role.str("description"),
                       left, 22) +
             12;
      float side = body.Min.y + 16 - ImGui::GetScrollY();
      if (two) side = holders(x + left + 24, side, 316);
      y = rules(role, "Rules", x, y, left);
      std::vector<std::string> inherited;
      chain(role, inherited);
      for (const std::string& id : inherited) {
        const Json* one = role_templates(*app_).find(id);
        if (one == nullptr) continue;
        y = rules(*one, "By inheriting " + role_name(*app_, id), x, y, left);
      }
      if (!two) y = holders(x, y, w);
      end_area(ImMax(y, side));
    } else {
      end_area();
    }
    delete_.draw(*app_);
  }

  App* app_ = nullptr;
  bool global_;
  std::string id_;
  DeleteDialog delete_;
};

}  // namespace

void register_role(PageSet& set) {
  auto page = [](const Route& r) { return std::make_unique<RolePage>(r); };
  set.add("roles/global/*", page);
  set.add("roles/template/*", page);
}

}  // namespace web
