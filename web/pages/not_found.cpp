// What is shown for an address, a cluster, a kind or an object that does not exist, inside the
// shell.
#include "web/pages/app.h"

namespace web {
namespace {

class NotFoundPage final : public Page {
 public:
  NotFoundPage(std::string title, std::string words)
      : title_(std::move(title)), words_(std::move(words)) {}
  std::string title(App&) override { return "Not found"; }

 private:
  void draw_content(Frame& f) override {
    empty_page(f.area, tokens::kIconCompassOffOutline, title_, words_);
    const float w = button_width("Go to clusters", {.kind = ButtonKind::kPrimary});
    const float cx = f.area.GetCenter().x;
    const float y = f.area.Min.y + ImMax(24.0f, (f.area.GetHeight() - 120) / 2.6f) + 104;
    if (button(std::round(cx - w / 2), y, "Go to clusters",
               {.kind = ButtonKind::kPrimary, .href = "/dashboard/clusters"})) {
      f.app.go("/dashboard/clusters");
    }
  }
  std::string title_, words_;
};

}  // namespace

std::unique_ptr<Page> make_not_found(std::string title, std::string words) {
  return std::make_unique<NotFoundPage>(std::move(title), std::move(words));
}

}  // namespace web
