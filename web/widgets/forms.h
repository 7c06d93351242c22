// Forms: fields with their label over them, choices from a menu or a list, and what stands at the
// foot of a dialog. Thread: the one thread. Owns: nothing.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "web/widgets/controls.h"

namespace web {

inline constexpr float kFieldHeight = 66;  // label, input, gap

// A label and its input; `y` is the label's top. The words after the label are grey.
bool field(float x, float y, float w, std::string_view label, std::string& value,
           const InputOptions& options = {}, std::string_view note = {}, bool* submitted = nullptr);
void field_label(float x, float y, float w, std::string_view label, std::string_view note = {});

struct Choice {
  std::string value, label, note;
};
// A box that opens a menu of what can be chosen. True when the value changed.
bool choose(const Rect& r, std::string_view label, const std::vector<Choice>& choices,
            std::string& value, std::string_view none = {});
// One of a list: its name and a grey line below. True when pressed.
bool radio_row(const Rect& r, std::string_view label, std::string_view note, bool on);

// The heading of a dialog; returns where its content begins.
float dialog_head(const Rect& r, std::string_view title);
struct DialogFoot {
  std::string_view action;
  bool ready = true, busy = false, danger = false;
  std::string_view tip, error;
};
enum class Foot { kNothing, kGo, kCancel };
// Cancel closes the dialog itself.
Foot dialog_foot(const Rect& r, const DialogFoot& options);

// "a", "a and b", "a, b and 3 more".
std::string names_text(const std::vector<std::string>& names, size_t shown = 3);
std::string plural(int64_t n, std::string_view one, std::string_view many = {});
std::string lower(std::string_view s);

}  // namespace web
