#include "web/pages/delete_dialog.h"

#include <memory>

#include "web/pages/app.h"

namespace web {

void DeleteDialog::ask(std::string what, std::vector<DeleteTarget> targets, DeleteOptions options) {
  what_ = std::move(what);
  targets_ = std::move(targets);
  options_ = std::move(options);
  typed_.clear();
  opening_ = true;
}

void DeleteDialog::draw(App& app) {
  if (targets_.empty()) return;
  const bool one = targets_.size() == 1;
  const std::string title =
      options_.verb + " " +
      (one ? what_ + " " + targets_[0].name : std::to_string(targets_.size()) + " " + what_ + "s") +
      "?";
  if (opening_) {
    open_dialog("Confirm");
    opening_ = false;
  }
  const size_t shown = std::min<size_t>(targets_.size(), 6);
  const float width = tokens::kShellDialogSm;
  const std::string words = !options_.words.empty() ? options_.words : "This cannot be undone.";
  const float words_h = wrap_height(tokens::kTypeBody, words, width - 48);
  const float list_h =
      one ? 0 : static_cast<float>(shown) * 22 + (targets_.size() > shown ? 22 : 0) + 8;
  const float h = 60 + words_h + list_h + (options_.type_name ? 74 : 0) + 76;
  Rect r;
  if (!begin_dialog("Confirm", width, h, &r)) {
    if (!opening_ && !ImGui::IsPopupOpen("Confirm")) targets_.clear();
    return;
  }
  float y = r.Min.y + 18;
  text_fit(r.Min.x + 24, y, tokens::kTypeHeading, col().text_primary, title, width - 48);
  say_heading(box(r.Min.x + 24, y, width - 48, 24), title, 2);
  y += 34;
  y += text_wrap(r.Min.x + 24, y, tokens::kTypeBody, col().text_secondary, words, width - 48) + 8;
  if (!one) {
    for (size_t i = 0; i < shown; i++, y += 22) {
      text_fit(r.Min.x + 24, y, tokens::kTypeBodyStrong, col().text_primary, targets_[i].name,
               width - 48);
    }
    if (targets_.size() > shown) {
      text(r.Min.x + 24, y, tokens::kTypeBody, col().text_tertiary,
           "and " + std::to_string(targets_.size() - shown) + " more");
      y += 22;
    }
    y += 8;
  }
  bool submitted = false, ready = true;
  if (options_.type_name) {
    const std::string wanted = one ? targets_[0].name : std::to_string(targets_.size());
    text(r.Min.x + 24, y, tokens::kTypeBody, col().text_secondary, "Type " + wanted + " to go on");
    input(box(r.Min.x + 24, y + 24, width - 48, 32), "Type the name", typed_,
          {.focus = ImGui::IsWindowAppearing()}, &submitted);
    ready = typed_ == wanted;
  }
  float x = r.Max.x - 24;
  const bool go = button_left_of(x, r.Max.y - 52, options_.verb,
                                 {.kind = ButtonKind::kDanger, .disabled = !ready});
  if ((go || (submitted && ready)) && ready) {
    run(app);
    ImGui::CloseCurrentPopup();
  }
  if (button_left_of(x, r.Max.y - 52, "Cancel")) ImGui::CloseCurrentPopup();
  end_dialog();
}

void DeleteDialog::run(App& app) {
  struct Progress {
    size_t left, failed = 0;
    std::string first;
  };
  auto progress = std::make_shared<Progress>(Progress{targets_.size()});
  const size_t all = targets_.size();
  const std::string what = what_, one = targets_[0].name;
  const auto done = options_.done;
  for (const DeleteTarget& t : targets_) {
    app.api.send("DELETE", t.url, engine::Json(),
                 [&app, progress, all, what, one, done, name = t.name](Result<Json> answer) {
                   if (!answer && answer.error().code() != 404) {
                     progress->failed++;
                     if (progress->first.empty())
                       progress->first = name + ": " + answer.error().message();
                   }
                   if (--progress->left > 0) return;
                   if (progress->failed > 0) {
                     app.toast(Tone::kError,
                               std::to_string(progress->failed) + " of " + std::to_string(all) +
                                   " not deleted",
                               progress->first);
                   } else {
                     app.toast(Tone::kSuccess,
                               all == 1 ? "Deleted " + one
                                        : "Deleted " + std::to_string(all) + " " + what + "s");
                   }
                   if (done) done();
                 });
  }
}

}  // namespace web
