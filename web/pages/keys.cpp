// API keys: the tokens of the user who is signed in. A secret is shown once.
#include "web/pages/list_page.h"

namespace web {
namespace {

struct Life {
  const char* label;
  int64_t ms;
};
constexpr Life kLives[] = {
    {"1 day", 86400000}, {"30 days", 30LL * 86400000}, {"90 days", 90LL * 86400000}, {"No end", 0}};

class KeysPage final : public ListPage {
 public:
  KeysPage() {
    list_.columns = {{"state", "State", 110, 0},
                     {"name", "Key", 170, 1},
                     {"what", "Description", 180, 2, false, true, 2},
                     {"scope", "Scope", 120, 0.6f, false, true, 4},
                     {"ends", "Ends", 150, 0.4f, false, true, 3},
                     {"age", "Age", 80, 0, true, true, 5}};
    list_.grid.sort = "age";
    list_.menu = [this](const std::string& id) { menu(id); };
  }
  std::string title(App&) override { return "API keys"; }

 private:
  SimpleRow row_of(const Json& t) override {
    const int64_t ends = parse_time(t.str("expiresAt"));
    const bool over = t.truth({"expired"}) || (ends > 0 && ends < ui().wall);
    SimpleRow row;
    row.key = t.str("id");
    row.name = t.str("name", t.str("id"));
    row.haystack = row.name + " " + std::string(t.str("description"));
    const bool current = t.truth({"current"});
    row.cells = {
        {SimpleCell::Kind::kState, over ? "Expired" : "Active",
         over ? Tone::kNeutral : Tone::kSuccess},
        {SimpleCell::Kind::kName, row.name, Tone::kNeutral, 0, current ? "this session" : ""},
        {SimpleCell::Kind::kText,
         std::string(t.str("description").empty() ? "\xe2\x80\x93" : t.str("description"))},
        {SimpleCell::Kind::kText,
         t.str("clusterId").empty() ? "Everything" : app_->cluster_name(t.str("clusterId"))},
        {SimpleCell::Kind::kText,
         ends > 0 ? time_text(ends, app_->backend.zone_minutes(ends)) : "Never"},
        {SimpleCell::Kind::kAge, "", Tone::kNeutral, parse_time(t.str("created"))}};
    return row;
  }
  Collection& tokens_() { return app_->v3.collection("token", "/v3/tokens"); }

  void menu(const std::string& id) {
    std::string_view why;
    const bool may = app_->may_change(&why);
    const Json* t = tokens_().find(id);
    if (menu_item(tokens::kIconContentCopy, "Copy name")) app_->copy(id, id);
    menu_gap();
    if (menu_item(tokens::kIconDeleteOutline, "Revoke",
                  {.danger = true, .disabled = !may, .tip = why}))
      ask({id});
    (void)t;
  }
  void ask(std::vector<std::string> ids) {
    std::vector<DeleteTarget> targets;
    bool current = false;
    for (const std::string& id : ids) {
      const Json* t = tokens_().find(id);
      current |= t != nullptr && t->truth({"current"});
      targets.push_back({id, "/v3/tokens/" + url_escape(id)});
    }
    delete_.ask("key", std::move(targets),
                {.words = current ? "What uses it is refused at once. One of them is this session: "
                                    "you will have to sign in again."
                                  : "What uses it is refused at once.",
                 .verb = "Revoke"});
  }

  void create_dialog() {
    Rect r;
    if (!begin_dialog("Create key", 480, secret_.empty() ? 232 : 246, &r)) return;
    const float x = r.Min.x + 24, w = r.GetWidth() - 48;
    float right = r.Max.x - 24;
    if (!secret_.empty()) {
      text(x, r.Min.y + 18, tokens::kTypeHeading, col().text_primary, "Your key");
      text_wrap(x, r.Min.y + 50, tokens::kTypeBody, col().text_secondary,
                "This is the only time it is shown. Use it as a bearer token, or its halves as "
                "user and password.",
                w);
      const Rect b = box(x, r.Min.y + 104, w, 62);
      fill(b, col().surface_sunken, 8);
      outline(b, col().border_default, 8);
      text_wrap(b.Min.x + 12, b.Min.y + 10, tokens::kTypeCode, col().code_plain, secret_, w - 60,
                20, 2);
      say_text(b, secret_);
      if (icon_button(b.Max.x - 38, b.Min.y + 15, tokens::kIconContentCopy, "Copy key").pressed)
        app_->copy(secret_, "The key");
      if (button_left_of(right, r.Max.y - 52, "Done", {.kind = ButtonKind::kPrimary})) {
        secret_.clear();
        ImGui::CloseCurrentPopup();
      }
      end_dialog();
      return;
    }
    text(x, r.Min.y + 18, tokens::kTypeHeading, col().text_primary, "Create API key");
    text(x, r.Min.y + 52, tokens::kTypeSmallStrong, col().text_secondary, "What is it for?", 20);
    input(box(x, r.Min.y + 74, w, 32), "Description", what_,
          {.hint = "ci pipeline", .focus = ImGui::IsWindowAppearing()});
    text(x, r.Min.y + 116, tokens::kTypeSmallStrong, col().text_secondary, "How long does it live?",
         20);
    std::string_view labels[4];
    for (int i = 0; i < 4; i++) labels[i] = kLives[i].label;
    const int p = segmented(x, r.Min.y + 138, labels, 4, life_);
    if (p >= 0) life_ = p;
    if (!error_.empty())
      text_fit(x, r.Max.y - 56, tokens::kTypeSmall, col().state_error_text, error_, w - 180);
    if (button_left_of(right, r.Max.y - 52, "Create",
                       {.kind = ButtonKind::kPrimary, .busy = busy_})) {
      busy_ = true;
      error_.clear();
      app_->api.send(
          "POST", "/v3/tokens",
          Json::object({{"type", "token"}, {"description", what_}, {"ttl", kLives[life_].ms}}),
          alive_.guard([this](Result<Json> answer) {
            busy_ = false;
            if (!answer)
              error_ = answer.error().message();
            else
              secret_ = answer->str("token");
            app_->v3.reload(tokens_());
          }));
    }
    if (button_left_of(right, r.Max.y - 52, "Cancel")) ImGui::CloseCurrentPopup();
    end_dialog();
  }

  void draw_content(Frame& f) override {
    app_ = &f.app;
    if (head(f, {.title = "API keys", .note = "of your account", .action = "Create key"})) {
      what_.clear();
      error_.clear();
      secret_.clear();
      open_dialog("Create key");
    }
    body(f.area, tokens_(), {.label = "API keys"}, "Keys cannot be listed");
    std::string_view why;
    if (app_->shortcut(ImGuiKey_Delete) && !list_.grid.selected.empty() && app_->may_change(&why))
      ask({list_.grid.selected.begin(), list_.grid.selected.end()});
    create_dialog();
    delete_.draw(*app_);
  }

  std::string what_, secret_, error_;
  int life_ = 1;
  bool busy_ = false;
};

}  // namespace

void register_keys(PageSet& set) {
  set.add("keys", [](const Route&) { return std::make_unique<KeysPage>(); });
}

}  // namespace web
