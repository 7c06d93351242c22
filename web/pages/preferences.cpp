// Preferences of the user, kept by the server; and the change of the own password.
#include "web/client/lifetime.h"
#include "web/pages/app.h"

namespace web {
namespace {

class PreferencesPage final : public Page {
 public:
  std::string title(App&) override { return "Preferences"; }

 private:
  float choice(float x, float y, float w, std::string_view title, std::string_view words,
               const char* key, std::string_view otherwise, const std::string_view* labels,
               const std::string_view* values, int count) {
    text(x, y, tokens::kTypeBodyStrong, col().text_primary, title, 22);
    text(x, y + 21, tokens::kTypeSmall, col().text_secondary, words, 18);
    const std::string now = app_->pref(key, otherwise);
    int current = 0;
    for (int i = 0; i < count; i++) {
      if (now == values[i]) current = i;
    }
    ImGui::PushID(key);
    const int pressed = segmented(x, y + 46, labels, count, current);
    ImGui::PopID();
    if (pressed >= 0 && pressed != current) app_->set_pref(key, std::string(values[pressed]));
    hline(x, x + w, y + 96, col().border_subtle);
    return y + 112;
  }

  float password(float x, float y) {
    text(x, y, tokens::kTypeBodyStrong, col().text_primary, "Password", 22);
    text(x, y + 21, tokens::kTypeSmall, col().text_secondary,
         "At least 12 characters. Other sessions stay signed in.", 18);
    y += 50;
    const char* labels[] = {"Current password", "New password", "New password again"};
    std::string* values[] = {&current_, &next_, &again_};
    for (int i = 0; i < 3; i++) {
      text(x, y, tokens::kTypeSmallStrong, col().text_secondary, labels[i], 20);
      input(box(x, y + 22, 320, 32), labels[i], *values[i], {.secret = true});
      y += 64;
    }
    std::string_view why;
    bool ready =
        app_->may_change(&why) && !current_.empty() && next_.size() >= 12 && next_ == again_;
    if (why.empty() && !next_.empty() && next_ != again_) why = "The two new passwords differ";
    if (button(x, y, "Change password", {.disabled = !ready, .busy = busy_, .tip = why})) {
      busy_ = true;
      app_->api.send("POST", "/v3/users?action=changepassword",
                     Json::object({{"currentPassword", current_}, {"newPassword", next_}}),
                     alive_.guard([this](Result<Json> answer) {
                       busy_ = false;
                       if (!answer) {
                         app_->toast(Tone::kError, "The password was not changed",
                                     answer.error().message());
                         return;
                       }
                       current_.clear();
                       next_.clear();
                       again_.clear();
                       app_->toast(Tone::kSuccess, "Password changed");
                     }));
    }
    return y + 48;
  }

  void draw_content(Frame& f) override {
    app_ = &f.app;
    const Rect& a = f.area;
    const float tw =
        text(a.Min.x + 24, a.Min.y, tokens::kTypeTitle, col().text_primary, "Preferences", 64);
    say_heading(box(a.Min.x + 24, a.Min.y, tw, 64), "Preferences", 1);
    hline(a.Min.x, a.Max.x, a.Min.y + 63, col().border_default);
    if (!begin_area("preferences", Rect(a.Min.x, a.Min.y + 64, a.Max.x, a.Max.y)))
      return end_area();
    const float x = a.Min.x + 24, w = ImMin(tokens::kShellFormMax, a.GetWidth() - 48);
    float y = a.Min.y + 84 - ImGui::GetScrollY();
    static constexpr std::string_view themes[] = {"As the system", "Light", "Dark"},
                                      theme_values[] = {"auto", "light", "dark"};
    static constexpr std::string_view rows[] = {"Compact", "Comfortable"},
                                      row_values[] = {"compact", "comfortable"};
    static constexpr std::string_view navs[] = {"Open", "Icons only"},
                                      nav_values[] = {"false", "true"};
    y = choice(x, y, w, "Theme", "How the dashboard looks.", "theme", "auto", themes, theme_values,
               3);
    y = choice(x, y, w, "Density", "Height of rows in lists of objects.", "density", "compact",
               rows, row_values, 2);
    y = choice(x, y, w, "Navigation", "The column at the left; [ switches it too.", "nav-rail",
               "false", navs, nav_values, 2);
    y = password(x, y);
    end_area(y + 16);
  }

  App* app_ = nullptr;
  Lifetime alive_;
  std::string current_, next_, again_;
  bool busy_ = false;
};

}  // namespace

void register_preferences(PageSet& set) {
  set.add("preferences", [](const Route&) { return std::make_unique<PreferencesPage>(); });
}

}  // namespace web
