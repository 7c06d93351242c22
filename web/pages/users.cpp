// Users: who may sign in with a local account.
#include "web/pages/list_page.h"

namespace web {
namespace {

class UsersPage final : public ListPage {
 public:
  UsersPage() {
    list_.columns = {{"state", "State", 110, 0},
                     {"name", "Name", 200, 2},
                     {"username", "Username", 160, 1, false, true, 2},
                     {"id", "ID", 120, 1, false, true, 3},
                     {"age", "Age", 80, 0, true, true, 4}};
    list_.grid.sort = "name";
    list_.menu = [this](const std::string& id) { menu(id); };
  }
  std::string title(App&) override { return "Users"; }

 private:
  SimpleRow row_of(const Json& u) override {
    const bool on = u.truth({"enabled"}, true);
    std::string name(u.str("name"));
    if (name.empty()) name = u.str("username", u.str("id"));
    SimpleRow row;
    row.key = u.str("id");
    row.name = name;
    row.haystack = name + " " + std::string(u.str("username")) + " " + row.key;
    row.cells = {{SimpleCell::Kind::kState, on ? "Active" : "Disabled",
                  on ? Tone::kSuccess : Tone::kNeutral},
                 {SimpleCell::Kind::kName, name, Tone::kNeutral, 0,
                  row.key == app_->me.str("id") ? "you" : ""},
                 {SimpleCell::Kind::kText, std::string(u.str("username", "\xe2\x80\x93"))},
                 {SimpleCell::Kind::kMono, row.key},
                 {SimpleCell::Kind::kAge, "", Tone::kNeutral, parse_time(u.str("created"))}};
    return row;
  }
  Collection& users() { return app_->v3.collection("user", "/v3/users"); }

  void menu(const std::string& id) {
    const Json* u = users().find(id);
    if (u == nullptr) return;
    std::string_view why;
    const bool me = id == app_->me.str("id");
    const bool may = app_->may_change(&why);
    if (me) why = "Not for your own account";
    if (menu_item(tokens::kIconKeyOutline, "Set password", {.disabled = !may})) {
      password_for_ = id;
      password_.clear();
      opening_password_ = true;
    }
    const bool on = u->truth({"enabled"}, true);
    if (menu_item(on ? tokens::kIconPause : tokens::kIconCheck, on ? "Disable" : "Enable",
                  {.disabled = !may || me, .tip = why})) {
      app_->api.send("PUT", "/v3/users/" + url_escape(id), Json::object({{"enabled", !on}}),
                     alive_.guard([this](Result<Json> answer) {
                       if (!answer)
                         app_->toast(Tone::kError, "Not changed", answer.error().message());
                       app_->v3.reload(users());
                     }));
    }
    if (menu_item(tokens::kIconContentCopy, "Copy ID")) app_->copy(id, id);
    menu_gap();
    if (menu_item(tokens::kIconDeleteOutline, "Delete",
                  {.danger = true, .disabled = !may || me, .tip = why})) {
      delete_.ask("user", {{std::string(u->str("username", id)), "/v3/users/" + url_escape(id)}},
                  {.words = "The account and its API keys end at once."});
    }
  }

  void create_dialog() {
    Rect r;
    if (!begin_dialog("Create user", tokens::kShellDialogSm, 330, &r)) return;
    const float x = r.Min.x + 24, w = r.GetWidth() - 48;
    text(x, r.Min.y + 18, tokens::kTypeHeading, col().text_primary, "Create user");
    const char* labels[] = {"Username", "Display name", "Password"};
    std::string* values[] = {&username_, &name_, &password_};
    bool submitted = false;
    for (int i = 0; i < 3; i++) {
      const float y = r.Min.y + 56 + 66 * static_cast<float>(i);
      text(x, y, tokens::kTypeSmallStrong, col().text_secondary, labels[i], 20);
      input(box(x, y + 22, w, 32), labels[i], *values[i],
            {.focus = i == 0 && ImGui::IsWindowAppearing(), .secret = i == 2}, &submitted);
    }
    if (!error_.empty())
      text_fit(x, r.Max.y - 80, tokens::kTypeSmall, col().state_error_text, error_, w);
    float right = r.Max.x - 24;
    const bool ready = !username_.empty() && password_.size() >= 12 && !busy_;
    if ((button_left_of(
             right, r.Max.y - 52, "Create",
             {.kind = ButtonKind::kPrimary,
              .disabled = !ready,
              .busy = busy_,
              .tip = ready ? "" : "A username, and a password of at least 12 characters"}) ||
         submitted) &&
        ready) {
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
        app_->toast(Tone::kSuccess, "Created " + username_,
                    "A new password is asked for at the first sign-in");
        created_ = true;
        app_->v3.reload(users());
      }));
    }
    if (button_left_of(right, r.Max.y - 52, "Cancel") || created_) ImGui::CloseCurrentPopup();
    created_ = false;
    end_dialog();
  }

  void password_dialog() {
    if (opening_password_) open_dialog("Set password");
    opening_password_ = false;
    Rect r;
    if (!begin_dialog("Set password", tokens::kShellDialogSm, 200, &r)) return;
    const float x = r.Min.x + 24, w = r.GetWidth() - 48;
    text(x, r.Min.y + 18, tokens::kTypeHeading, col().text_primary, "Set password");
    text(x, r.Min.y + 50, tokens::kTypeBody, col().text_secondary, "At least 12 characters");
    input(box(x, r.Min.y + 78, w, 32), "New password", password_,
          {.focus = ImGui::IsWindowAppearing(), .secret = true});
    float right = r.Max.x - 24;
    if (button_left_of(right, r.Max.y - 52, "Set",
                       {.kind = ButtonKind::kPrimary, .disabled = password_.size() < 12})) {
      app_->api.send("POST", "/v3/users/" + url_escape(password_for_) + "?action=setpassword",
                     Json::object({{"newPassword", password_}}),
                     alive_.guard([this](Result<Json> answer) {
                       if (!answer)
                         app_->toast(Tone::kError, "Password not set", answer.error().message());
                       else
                         app_->toast(Tone::kSuccess, "Password set");
                     }));
      password_.clear();
      ImGui::CloseCurrentPopup();
    }
    if (button_left_of(right, r.Max.y - 52, "Cancel")) ImGui::CloseCurrentPopup();
    end_dialog();
  }

  void draw_content(Frame& f) override {
    app_ = &f.app;
    if (head(f.area, "Users", "", "Create user", tokens::kIconPlus)) {
      username_.clear();
      name_.clear();
      password_.clear();
      error_.clear();
      open_dialog("Create user");
    }
    body(f.area, users(), {.select = false, .label = "Users"}, "Users cannot be listed");
    create_dialog();
    password_dialog();
    delete_.draw(*app_);
  }

  std::string username_, name_, password_, password_for_, error_;
  bool busy_ = false, created_ = false, opening_password_ = false;
};

}  // namespace

void register_users(PageSet& set) {
  set.add("users", [](const Route&) { return std::make_unique<UsersPage>(); });
}

}  // namespace web
