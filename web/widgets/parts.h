// Parts: what shows a state or a number, and pages without their data.
// Thread: the one thread. Owns: nothing.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "web/client/clock.h"
#include "web/widgets/ui.h"

namespace web {

enum class Tone { kSuccess, kWarning, kError, kInfo, kTransitioning, kNeutral };
// What a word of a state means: "Running" is success, "CrashLoopBackOff" an error, ...
Tone tone_of(std::string_view state);
int rank_of(
    Tone tone);  // worst first: error 0, warning 1, transitioning 2, info 3, neutral 4, success 5
Color tone_text(Tone tone);
Color tone_solid(Tone tone);
Color tone_subtle(Tone tone);
Color tone_border(Tone tone);
uint32_t tone_icon(Tone tone);
std::string state_label(std::string_view state);  // "active" -> "Active"

void spinner(float cx, float cy, float radius, Color color);
// Quiet states are icon and words, the others a tinted pill. (x, y) is the top left of a row's line
// box of `line`.
float state_badge(float x, float y, float line, std::string_view words, Tone tone,
                  bool moving = false, float width_max = 1e9f);
float state_badge_width(std::string_view words, Tone tone);
void tone_mark(float x, float y, float size, Tone tone);  // the icon alone

void monogram(float x, float y, float size, std::string_view name);
std::string monogram_letters(std::string_view name);
void meter(float x, float cy, float width, float fraction,
           Color calm = 0);  // calm: one colour whatever the fraction
Color meter_ink(float fraction, Color normal);
void say_meter(ImGuiID id, std::string_view name, const Rect& r, float fraction,
               std::string_view words);
void ring(float cx, float cy, float fraction, float reserved);
void sparkline(const Rect& r, const std::vector<float>& values, float max);
void tag(float x, float y, std::string_view words, float height = 22);
float tag_width(std::string_view words);
void card(const Rect& r);
void banner_box(const Rect& r, Tone tone);

void empty_page(const Rect& r, uint32_t code, std::string_view title, std::string_view words);
void skeleton_rows(const Rect& r, float row_height);
// In the place of the data. Returns 1 for Try again, 2 for Copy details.
int error_page(const Rect& r, std::string_view title, std::string_view words);

std::string age_text(int64_t then_ms, int64_t now_ms);
double age_tick(int64_t then_ms, int64_t now_ms);     // ms until the text changes
std::string time_text(int64_t ms, int zone_minutes);  // 22 Nov 2026, 14:02:33
std::string count_text(int64_t n);                    // 1,104

}  // namespace web
