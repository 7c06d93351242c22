// Settings of the server: value, where it comes from, back to the default.
#include "web/pages/list_page.h"

namespace web {
namespace {

class SettingsPage final : public ListPage {
 public:
  SettingsPage() {
    list_.columns = {{"name", "Setting", 240, 1},
                     {"value", "Value", 260, 2},
                     {"state", "", 110, 0, false, false, 3},
                     {"age", "Age", 80, 0, true, true, 4}};
    list_.grid.sort = "name";
    list_.menu = [this](const std::string& id) { menu(id); };
    list_.opened = [this](const std::string& id) { edit(id); };
  }
  std::string title(App&) override { return "Settings"; }

 private:
  SimpleRow row_of(const Json& s) override {
    SimpleRow row;
    row.key = row.name = s.str("id");
    std::string value(s.str("value"));
    if (value.empty()) value = s.str("default");
    const bool modified =
        s.truth({"customized"}) || (!s.str("value").empty() && s.str("value") != s.str("default"));
    row.haystack = row.name + " " + value;
    row.cells = {{SimpleCell::Kind::kName, row.name},
                 {SimpleCell::Kind::kMono, value.empty() ? "\xe2\x80\x93" : value},
                 {SimpleCell::Kind::kTag, s.str("source") == "env" ? "Environment"
                                          : modified               ? "Modified"
                                                                   : ""},
                 {SimpleCell::Kind::kAge, "", Tone::kNeutral, parse_time(s.str("created"))}};
    return row;
  }
  Collection& settings() { return app_->v3.collection("setting", "/v3/settings"); }

  void edit(const std::string& id) {
    const Json* s = settings().find(id);
    if (s == nullptr) return;
    editing_ = id;
    value_ = s->str("value").empty() ? s->str("default") : s->str("value");
    default_ = s->str("default");
    error_.clear();
    opening_ = true;
  }
  void save(const std::string& id, const std::string& value) {
    app_->api.send("PUT", "/v3/settings/" + url_escape(id), Json::object({{"value", value}}),
                   alive_.guard([this, id](Result<Json> answer) {
                     if (!answer) {
                       app_->toast(Tone::kError, id + " was not changed", answer.error().message());
                       return;
                     }
                     app_->toast(Tone::kSuccess, "Saved", id);
                     app_->v3.put(settings(), std::move(*answer));
                   }));
  }
  void menu(const std::string& id) {
    std::string_view why;
    const bool may = app_->may_change(&why);
    const Json* s = settings().find(id);
    if (s == nullptr) return;
    if (menu_item(tokens::kIconPencilOutline, "Edit", {.disabled = !may, .tip = why})) edit(id);
    if (menu_item(tokens::kIconContentCopy, "Copy value"))
      app_->copy(s->str("value").empty() ? s->str("default") : s->str("value"), id);
    menu_gap();
    if (menu_item(tokens::kIconHistory, "Back to default",
                  {.disabled = !may || s->str("value").empty(), .tip = why}))
      save(id, "");
  }

  void dialog() {
    if (opening_) open_dialog("Edit setting");
    opening_ = false;
    Rect r;
    if (!begin_dialog("Edit setting", tokens::kShellDialogSm, 200, &r)) return;
    const float x = r.Min.x + 24, w = r.GetWidth() - 48;
    text_fit(x, r.Min.y + 18, tokens::kTypeHeading, col().text_primary, editing_, w);
    text_fit(x, r.Min.y + 46, tokens::kTypeSmall, col().text_tertiary,
             default_.empty() ? "No default" : "Default: " + default_, w, 18);
    bool submitted = false;
    input(box(x, r.Min.y + 80, w, 32), "Value", value_,
          {.focus = ImGui::IsWindowAppearing(), .mono = true}, &submitted);
    float right = r.Max.x - 24;
    if (button_left_of(right, r.Max.y - 52, "Save", {.kind = ButtonKind::kPrimary}) || submitted) {
      save(editing_, value_);
      ImGui::CloseCurrentPopup();
    }
    if (button_left_of(right, r.Max.y - 52, "Cancel")) ImGui::CloseCurrentPopup();
    end_dialog();
  }

  void draw_content(Frame& f) override {
    app_ = &f.app;
    head(f, {.title = "Settings"});
    body(f.area, settings(), {.select = false, .label = "Settings"}, "Settings cannot be listed");
    dialog();
  }

  std::string editing_, value_, default_, error_;
  bool opening_ = false;
};

}  // namespace

void register_settings(PageSet& set) {
  set.add("settings", [](const Route&) { return std::make_unique<SettingsPage>(); });
}

}  // namespace web
