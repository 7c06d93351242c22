// Users: who may sign in, what they may do everywhere; one user's global roles.
#include <algorithm>

#include "web/pages/list_page.h"
#include "web/pages/namespaces.h"
#include "web/pages/roles.h"
#include "web/widgets/forms.h"

namespace web {
namespace {

constexpr size_t kPasswordLeast = 12;

Collection& global_bindings(App& app) {
  return app.v3.collection("globalRoleBinding", "/v3/globalRoleBindings");
}

// What the actions on a user need, in the list and on the user's page.
class UserActions {
 public:
  void menu(App& app, const std::string& id) {
    const Json* u = all_users(app).find(id);
    if (u == nullptr) return;
    std::string_view why;
    const bool me = id == app.me.str("id");
    const bool may = app.may_change(&why);
    if (menu_item(tokens::kIconKeyOutline, "Set password", {.disabled = !may, .tip = why})) {
      id_ = id;
      password_.clear();
      opening_ = true;
    }
    if (me) why = "Not for your own account";
    const bool on = u->truth({"enabled"}, true);
    if (menu_item(on ? tokens::kIconPause : tokens::kIconCheck, on ? "Deactivate" : "Activate",
                  {.disabled = !may || me, .tip = why}))
      enable(app, id, !on);
    if (menu_item(tokens::kIconContentCopy, "Copy ID")) app.copy(id, id);
    menu_gap();
    if (menu_item(tokens::kIconDeleteOutline, "Delete",
                  {.danger = true, .disabled = !may || me, .tip = why}))
      ask(app, id);
  }

  void ask(App& app, const std::string& id) {
    const Person p = person_of_user(app, id);
    delete_.ask("user", {{p.name, "/v3/users/" + url_escape(id)}},
                {.type_name = true,
                 .words = "The account ends at once, with its sessions, API keys and roles. What "
                          "it made stays.",
                 .done = [&app, id] {
                   if (app.route.path() == "/dashboard/users/" + url_escape(id))
                     app.go("/dashboard/users");
                 }});
  }

  void enable(App& app, const std::string& id, const Json& on) {
    app.api.send("PUT", "/v3/users/" + url_escape(id), Json::object({{"enabled", on}}),
                 [&app, on](Result<Json> answer) {
                   if (!answer)
                     app.toast(Tone::kError, "Not changed", answer.error().message());
                   else
                     app.toast(Tone::kSuccess, on.as_bool() ? "Activated" : "Deactivated",
                               on.as_bool() ? "" : "Sessions and keys of the account are refused");
                   app.v3.reload(all_users(app));
                 });
  }

  void draw(App& app) {
    delete_.draw(app);
    if (opening_) open_dialog("Set password");
    opening_ = false;
    Rect r;
    if (!begin_dialog("Set password", tokens::kShellDialogSm, 210, &r)) return;
    const float y = dialog_head(r, "Set the password of " + person_of_user(app, id_).name);
    field(r.Min.x + 24, y, r.GetWidth() - 48, "New password", password_,
          {.focus = ImGui::IsWindowAppearing(), .secret = true}, "at least 12 characters");
    if (dialog_foot(r, {.action = "Set",
                        .ready = password_.size() >= kPasswordLeast,
                        .tip = "At least 12 characters"}) == Foot::kGo) {
      app.api.send("POST", "/v3/users/" + url_escape(id_) + "?action=setpassword",
                   Json::object({{"newPassword", password_}}), [&app](Result<Json> answer) {
                     if (!answer)
                       app.toast(Tone::kError, "Password not set", answer.error().message());
                     else
                       app.toast(Tone::kSuccess, "Password set");
                   });
      password_.clear();
      ImGui::CloseCurrentPopup();
    }
    end_dialog();
  }

 private:
  std::string id_, password_;
  bool opening_ = false;
  DeleteDialog delete_;
};

class UsersPage final : public ListPage {
 public:
  UsersPage() {
    list_.columns = {{"state", "State", 136, 0},
                     {"name", "Name", 220, 1.4f},
                     {"username", "Username", 140, 0.8f, false, true, 3},
                     {"roles", "Global roles", 180, 1.2f, false, true, 2},
                     {"id", "ID", 110, 0.5f, false, true, 5},
                     {"age", "Age", 72, 0, true, true, 4}};
    list_.grid.sort = "name";
    list_.menu = [this](const std::string& id) { actions_.menu(*app_, id); };
    list_.opened = [this](const std::string& id) {
      app_->go("/dashboard/users/" + url_escape(id));
    };
  }
  std::string title(App&) override { return "Users"; }

 private:
  SimpleRow row_of(const Json& u) override {
    const bool on = u.truth({"enabled"}, true);
    const std::string id(u.str("id"));
    const Person p = person_of_user(*app_, id);
    std::string roles;
    for (const auto& [key, b] : global_bindings(*app_).items) {
      if (b.str("userId") == id)
        roles += (roles.empty() ? "" : ", ") + global_role_name(*app_, b.str("globalRoleId"));
    }
    SimpleRow row;
    row.key = id;
    row.name = p.name;
    const std::string login(u.str("username", "\xe2\x80\x93"));
    row.haystack = p.name + " " + login + " " + id + " " + roles;
    row.cells = {{SimpleCell::Kind::kState, on ? "Active" : "Deactivated",
                  on ? Tone::kSuccess : Tone::kNeutral},
                 {SimpleCell::Kind::kPerson, p.name, Tone::kNeutral, 0,
                  id == app_->me.str("id")          ? "you"
                  : u.truth({"mustChangePassword"}) ? "has to change the password"
                                                    : ""},
                 {SimpleCell::Kind::kText, login},
                 {SimpleCell::Kind::kText, roles.empty() ? "\xe2\x80\x93" : roles},
                 {SimpleCell::Kind::kMono, id},
                 {SimpleCell::Kind::kAge, "", Tone::kNeutral, parse_time(u.str("created"))}};
    row.cells[1].href = "/dashboard/users/" + url_escape(id);
    return row;
  }

  void create_dialog() {
    Rect r;
    const auto lines = static_cast<float>(roles_.size());
    if (!begin_dialog("Create user", tokens::kShellDialogSm, 418 + lines * 34, &r)) return;
    const float x = r.Min.x + 24, w = r.GetWidth() - 48;
    float y = dialog_head(r, "Create user");
    bool submitted = false;
    field(x, y, w, "Username", username_, {.focus = ImGui::IsWindowAppearing()}, {}, &submitted);
    field(x, y + kFieldHeight, w, "Display name", name_, {}, "optional", &submitted);
    field(x, y + kFieldHeight * 2, w, "Password", password_, {.secret = true},
          "at least 12 characters, changed at the first sign-in", &submitted);
    roles_fields(x, y + kFieldHeight * 3, w);
    const bool ready = !username_.empty() && password_.size() >= kPasswordLeast && !busy_;
    const Foot foot = dialog_foot(r, {.action = "Create",
                                      .ready = ready,
                                      .busy = busy_,
                                      .tip = "A username, and a password of at least 12 characters",
                                      .error = error_});
    if ((foot == Foot::kGo || submitted) && ready) create();
    if (created_) ImGui::CloseCurrentPopup();
    created_ = false;
    end_dialog();
  }

  // What the account may do from the first day; those that are meant for new users stand there.
  void roles_fields(float x, float y, float w) {
    field_label(x, y, w, "Global roles");
    y += 22;
    size_t drop = roles_.size();
    for (size_t i = 0; i < roles_.size(); i++) {
      const std::string name = global_role_name(*app_, roles_[i]);
      ImGui::PushID(roles_[i].c_str());
      text_fit(x, y, tokens::kTypeBody, col().text_primary, name, w - 40, 32);
      say_text(box(x, y, w - 40, 32), "Role " + name);
      if (icon_button(x + w - 32, y, tokens::kIconClose, "Without " + name).pressed) drop = i;
      ImGui::PopID();
      y += 34;
    }
    if (drop < roles_.size()) roles_.erase(roles_.begin() + static_cast<std::ptrdiff_t>(drop));
    std::vector<Choice> left;
    for (const auto& [id, role] : global_roles(*app_).items) {
      if (std::find(roles_.begin(), roles_.end(), id) == roles_.end())
        left.push_back({id, std::string(role.str("name", id)), {}});
    }
    std::sort(left.begin(), left.end(),
              [](const Choice& a, const Choice& b) { return a.label < b.label; });
    std::string add;
    if (!left.empty() &&
        choose(box(x, y, ImMin(220.0f, w), 32), "Add a role", left, add, "Add a role"))
      roles_.push_back(add);
  }

  // One after the other; the account stays whatever comes of them.
  void give_roles(const std::string& user, std::vector<std::string> roles) {
    for (const std::string& role : roles) {
      app_->api.send(
          "POST", "/v3/globalRoleBindings",
          Json::object({{"type", "globalRoleBinding"}, {"globalRoleId", role}, {"userId", user}}),
          alive_.guard([this, name = global_role_name(*app_, role)](Result<Json> answer) {
            if (!answer)
              app_->toast(Tone::kError, "It did not get the role " + name,
                          answer.error().message());
            app_->v3.reload(global_bindings(*app_));
          }));
    }
  }

  void create() {
    busy_ = true;
    error_.clear();
    const Json body = Json::object({{"type", "user"},
                                    {"username", username_},
                                    {"name", name_.empty() ? username_ : name_},
                                    {"password", password_},
                                    {"mustChangePassword", true}});
    app_->api.send("POST", "/v3/users", body, alive_.guard([this](Result<Json> answer) {
      busy_ = false;
      if (!answer) {
        error_ = answer.error().message();
        return;
      }
      give_roles(std::string(answer->str("id")), roles_);
      app_->toast(Tone::kSuccess, "Created " + username_,
                  roles_.empty() ? "It has no role yet" : "", "Open",
                  "/dashboard/users/" + url_escape(answer->str("id")));
      created_ = true;
      app_->v3.reload(all_users(*app_));
    }));
  }

  void draw_content(Frame& f) override {
    app_ = &f.app;
    Collection& all = all_users(*app_);
    if (head(f, {.title = "Users",
                 .note = all.loaded ? plural(static_cast<int64_t>(all.items.size()), "account")
                                    : std::string(),
                 .action = "Create user"})) {
      username_.clear();
      name_.clear();
      password_.clear();
      error_.clear();
      roles_.clear();
      for (const auto& [id, role] : global_roles(*app_).items) {
        if (role.truth({"newUserDefault"})) roles_.push_back(id);
      }
      open_dialog("Create user");
    }
    // Rows name roles, so that they are made anew with those too.
    const uint64_t others = global_bindings(*app_).version + global_roles(*app_).version;
    if (others != others_) seen_ = ~0ull;
    others_ = others;
    body(f.area, all, {.select = false, .label = "Users"}, "Users cannot be listed");
    create_dialog();
    actions_.draw(*app_);
  }

  std::string username_, name_, password_, error_;
  std::vector<std::string> roles_;
  bool busy_ = false, created_ = false;
  uint64_t others_ = 0;
  UserActions actions_;
};

class UserPage final : public Page {
 public:
  explicit UserPage(const Route& r) : id_(r.part(1)) {}
  std::string title(App& app) override { return person_of_user(app, id_).name; }

 private:
  void head(const Rect& a, const Json& u) {
    const auto& c = col();
    const float pad = app_->phone() ? 16 : 24;
    const Person p = person_of_user(*app_, id_);
    float right = a.Max.x - pad;
    if (icon_button(right - 32, a.Min.y + 16, tokens::kIconDotsVertical, "More", {.framed = true})
            .pressed)
      open_menu("User menu");
    if (begin_menu("User menu", ImVec2(right, a.Min.y + 52), 220, true)) {
      actions_.menu(*app_, id_);
      end_menu();
    }
    right -= 48;
    const bool on = u.truth({"enabled"}, true);
    float x = a.Min.x + pad;
    monogram(x, a.Min.y + 14, 36, p.name);
    x += 48;
    const float w =
        text_fit(x, a.Min.y + 8, tokens::kTypeTitle, c.text_primary, p.name, right - x - 130, 28);
    say_heading(box(x, a.Min.y + 8, w, 28), p.name, 1);
    state_badge(x + w + 8, a.Min.y + 8, 28, on ? "Active" : "Deactivated",
                on ? Tone::kSuccess : Tone::kNeutral);
    const int64_t created = parse_time(u.str("created"));
    const std::string words =
        (u.str("username").empty() ? std::string()
                                   : std::string(u.str("username")) + " \xc2\xb7 ") +
        id_ + (created > 0 ? " \xc2\xb7 " + age_text(created, ui().wall) + " old" : "");
    text_fit(x, a.Min.y + 36, tokens::kTypeSmall, c.text_secondary, words, right - x, 18);
  }

  void toggle(const std::string& role, const std::string& binding) {
    busy_ = role;
    auto done = alive_.guard([this, role](Result<Json> answer) {
      busy_.clear();
      if (!answer) app_->toast(Tone::kError, "Not changed", answer.error().message());
      app_->v3.reload(global_bindings(*app_));
    });
    if (binding.empty())
      app_->api.send(
          "POST", "/v3/globalRoleBindings",
          Json::object({{"type", "globalRoleBinding"}, {"globalRoleId", role}, {"userId", id_}}),
          done);
    else
      app_->api.send("DELETE", "/v3/globalRoleBindings/" + url_escape(binding), Json(), done);
  }

  float roles_card(float x, float y, float w) {
    const auto& c = col();
    std::vector<const Json*> roles;
    for (const auto& [id, role] : global_roles(*app_).items) roles.push_back(&role);
    std::stable_sort(roles.begin(), roles.end(),
                     [](const Json* a, const Json* b) { return a->str("name") < b->str("name"); });
    const Rect r = box(x, y, w, 76 + 34 * static_cast<float>(roles.size()));
    card(r);
    text(x + 16, y + 12, tokens::kTypeSection, c.text_primary, "Global roles", 24);
    say_heading(box(x + 16, y + 12, 90, 24), "Global roles", 2);
    text_fit(x + 16, y + 34, tokens::kTypeSmall, c.text_secondary,
             "What the user may do on this server, beside the roles in clusters and projects.",
             w - 32, 18);
    std::string_view why;
    const bool may = app_->may_change(&why) && busy_.empty() && global_bindings(*app_).loaded;
    float at = y + 66;
    for (const Json* role : roles) {
      const std::string id(role->str("id")), name(role->str("name", id));
      std::string binding;
      for (const auto& [key, b] : global_bindings(*app_).items) {
        if (b.str("userId") == id_ && b.str("globalRoleId") == id) binding = key;
      }
      if (checkbox(x + 16, at + 7, name, binding.empty() ? Check::kOff : Check::kOn, true, !may))
        toggle(id, binding);
      const float nx = x + 52 + text_width(tokens::kTypeBody, name);
      const std::string_view note = role->str("description");
      if (!note.empty())
        text_fit(nx, at, tokens::kTypeSmall, c.text_tertiary, note, r.Max.x - nx - 70, 30);
      if (link(r.Max.x - 16 - text_width(tokens::kTypeSmall, "Rules"), at, tokens::kTypeSmall,
               "Rules", role_page("global", id), 30))
        app_->go(role_page("global", id));
      at += 34;
    }
    return r.Max.y + 16;
  }

  // Roles in clusters and projects, each a link to where it is changed.
  float places_card(float x, float y, float w) {
    const auto& c = col();
    struct Place {
      std::string where, href, role;
    };
    std::vector<Place> places;
    const std::string query = "?userId=" + url_escape(id_);
    for (const auto& [id, b] :
         app_->v3
             .collection("clusterRoleTemplateBinding", "/v3/clusterRoleTemplateBindings" + query)
             .items) {
      const std::string cluster(b.str("clusterId"));
      places.push_back({app_->cluster_name(cluster),
                        "/dashboard/c/" + url_escape(cluster) + "/members",
                        role_name(*app_, b.str("roleTemplateId"))});
    }
    for (const auto& [id, b] :
         app_->v3
             .collection("projectRoleTemplateBinding", "/v3/projectRoleTemplateBindings" + query)
             .items) {
      const std::string pid(b.str("projectId"));
      const std::string cluster = pid.substr(0, pid.find(':'));
      const Json* p = projects_of(*app_, cluster).find(pid);
      places.push_back({app_->cluster_name(cluster) + " / " +
                            std::string(p == nullptr ? pid : p->str("name", pid)),
                        project_href(pid) + "#members", role_name(*app_, b.str("roleTemplateId"))});
    }
    const Rect r = box(x, y, w, 56 + 30 * static_cast<float>(ImMax<size_t>(1, places.size())));
    card(r);
    text(x + 16, y + 12, tokens::kTypeSection, c.text_primary, "In clusters and projects", 24);
    say_heading(box(x + 16, y + 12, 170, 24), "In clusters and projects", 2);
    float at = y + 44;
    if (places.empty())
      text_fit(x + 16, at, tokens::kTypeBody, c.text_secondary, "Member of none by name", w - 32,
               28);
    for (const Place& p : places) {
      ImGui::PushID(p.role.c_str());
      const std::string shown = fit_middle(tokens::kTypeBody, p.where, w * 0.6f - 16);
      if (link(x + 16, at, tokens::kTypeBody, shown, p.href, 28)) app_->go(p.href);
      text_fit(x + w * 0.6f + 8, at, tokens::kTypeBody, c.text_secondary, p.role, w * 0.4f - 24,
               28);
      say_text(box(x + w * 0.6f, at, w * 0.4f, 28), p.role);
      ImGui::PopID();
      at += 30;
    }
    return r.Max.y + 16;
  }

  void draw_content(Frame& f) override {
    app_ = &f.app;
    const Rect& a = f.area;
    Collection& all = all_users(*app_);
    const Json* u = all.find(id_);
    if (u == nullptr) {
      if (!all.loaded && !all.error.empty()) {
        if (error_page(a, "The user cannot be read", all.error) == 1) app_->v3.reload(all);
      } else if (!all.loaded) {
        skeleton_rows(Rect(a.Min.x, a.Min.y + 64, a.Max.x, a.Max.y), 40);
      } else {
        empty_page(a, tokens::kIconCompassOffOutline, "This user does not exist",
                   "It was deleted, or never was.");
      }
      return actions_.draw(*app_);
    }
    head(a, *u);
    hline(a.Min.x, a.Max.x, a.Min.y + 63, col().border_default);
    const Rect body(a.Min.x, a.Min.y + 64, a.Max.x, a.Max.y);
    if (begin_area("user", body)) {
      const float pad = app_->phone() ? 16 : 24, w = a.GetWidth() - pad * 2, x = a.Min.x + pad;
      const bool two = w > 820;
      const float left = two ? (w - 16) * 0.55f : w;
      const float y = body.Min.y + 20 - ImGui::GetScrollY();
      const float first = roles_card(x, y, left);
      const float second =
          places_card(two ? x + left + 16 : x, two ? y : first, two ? w - left - 16 : w);
      end_area(ImMax(first, second));
    } else {
      end_area();
    }
    actions_.draw(*app_);
  }

  App* app_ = nullptr;
  std::string id_, busy_;
  UserActions actions_;
  Lifetime alive_;
};

}  // namespace

void register_users(PageSet& set) {
  set.add("users", [](const Route&) { return std::make_unique<UsersPage>(); });
  set.add("users/*", [](const Route& r) { return std::make_unique<UserPage>(r); });
}

}  // namespace web
