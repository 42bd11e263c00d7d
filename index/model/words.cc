#include "index/model/words.h"

#include <libstemmer.h>
#include <unicode/brkiter.h>
#include <unicode/normalizer2.h>
#include <unicode/unistr.h>

#include <algorithm>
#include <array>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_replace.h"
#include "index/base/status_macros.h"
#include "index/model/plain_text.h"

namespace usher {
namespace {

// Stems remembered per language; all are forgotten when there are more.
constexpr size_t kMaxRememberedStems = 1 << 16;
constexpr int kMinForeignStopWords = 2;
constexpr const char* kStemmers[kNumLanguages] = {"english", "german", "french",
                                                  "spanish"};

bool IsAscii(absl::string_view text) {
  unsigned char any = 0;
  for (const char c : text) any |= static_cast<unsigned char>(c);
  return any < 0x80;
}

bool IsLetter(char c) {
  return absl::ascii_isalpha(c) || static_cast<unsigned char>(c) >= 0x80;
}
bool IsWordByte(char c) { return IsLetter(c) || absl::ascii_isdigit(c); }

// Appends the runs of letters and digits in `text`, whose only non-ASCII bytes
// belong to letters. An apostrophe between letters belongs to the word.
void AppendRuns(absl::string_view text, std::vector<std::string>* words) {
  size_t i = 0;
  while (i < text.size() && words->size() < kMaxWordsPerText) {
    if (!IsWordByte(text[i])) {
      ++i;
      continue;
    }
    size_t end = i + 1;
    while (end < text.size() &&
           (IsWordByte(text[end]) ||
            (text[end] == '\'' && IsLetter(text[end - 1]) &&
             end + 1 < text.size() && IsLetter(text[end + 1])))) {
      ++end;
    }
    words->emplace_back(text.substr(i, end - i));
    i = end;
  }
}

std::string ToUtf8(const icu::UnicodeString& text) {
  std::string out;
  text.toUTF8String(out);
  return out;
}

icu::UnicodeString CaseFolded(absl::string_view text) {
  UErrorCode error = U_ZERO_ERROR;
  icu::UnicodeString wide = icu::UnicodeString::fromUTF8(
      icu::StringPiece(text.data(), static_cast<int32_t>(text.size())));
  wide.findAndReplace(u"\u2019", u"'");
  const icu::Normalizer2* fold =
      icu::Normalizer2::getNFKCCasefoldInstance(error);
  icu::UnicodeString folded = fold->normalize(wide, error);
  USHER_CHECK(U_SUCCESS(error));
  return folded;
}

// Without the marks U+0300 to U+036F; those of other scripts make the letter.
std::string WithoutAccents(std::string text) {
  if (IsAscii(text)) return text;
  UErrorCode error = U_ZERO_ERROR;
  const icu::UnicodeString apart =
      icu::Normalizer2::getNFDInstance(error)->normalize(
          icu::UnicodeString::fromUTF8(text), error);
  icu::UnicodeString bare;
  for (int32_t i = 0; i < apart.length(); ++i) {
    if (apart[i] < 0x300 || apart[i] > 0x36F) bare.append(apart[i]);
  }
  const icu::UnicodeString composed =
      icu::Normalizer2::getNFCInstance(error)->normalize(bare, error);
  USHER_CHECK(U_SUCCESS(error));
  return ToUtf8(composed);
}

bool IsYear(absl::string_view digits) {
  return digits.size() == 4 && digits >= "1900" && digits <= "2099";
}

bool IsIdleNumber(absl::string_view word) {
  const size_t digits =
      std::find_if_not(word.begin(), word.end(), absl::ascii_isdigit) -
      word.begin();
  if (digits == 0) return false;
  if (digits == word.size()) return !IsYear(word);
  const absl::string_view rest = word.substr(digits);
  constexpr absl::string_view kUnits[] = {"am", "pm", "st",  "nd",
                                          "rd", "th", "min", "h"};
  return std::find(std::begin(kUnits), std::end(kUnits), rest) !=
         std::end(kUnits);
}

// "l'amour" -> "amour".
absl::string_view WithoutElision(absl::string_view word) {
  const size_t mark = word.find('\'');
  if (mark == absl::string_view::npos) return word;
  const absl::string_view head = word.substr(0, mark);
  if (head.size() == 1 || absl::EndsWith(head, "qu")) {
    return word.substr(mark + 1);
  }
  return word;
}

}  // namespace

struct WordSplitter::Impl {
  Impl();
  ~Impl() {
    for (sb_stemmer* stemmer : stemmers) sb_stemmer_delete(stemmer);
  }
  std::string Stem(const std::string& word, Language language);
  std::string MakeTerm(absl::string_view raw, Language language);

  StopWords stop_words;
  std::unique_ptr<icu::BreakIterator> breaks;
  std::array<sb_stemmer*, kNumLanguages> stemmers;
  std::array<absl::flat_hash_map<std::string, std::string>, kNumLanguages>
      terms;
};

WordSplitter::Impl::Impl() {
  UErrorCode error = U_ZERO_ERROR;
  breaks.reset(
      icu::BreakIterator::createWordInstance(icu::Locale::getRoot(), error));
  USHER_CHECK(U_SUCCESS(error));
  for (int i = 0; i < kNumLanguages; ++i) {
    stemmers[i] = sb_stemmer_new(kStemmers[i], "UTF_8");
    USHER_CHECK(stemmers[i] != nullptr);
  }
}

std::string WordSplitter::Impl::Stem(const std::string& word,
                                     Language language) {
  sb_stemmer* stemmer = stemmers[static_cast<int>(language)];
  const sb_symbol* stem =
      sb_stemmer_stem(stemmer, reinterpret_cast<const sb_symbol*>(word.data()),
                      static_cast<int>(word.size()));
  if (stem == nullptr) return word;
  return std::string(reinterpret_cast<const char*>(stem),
                     sb_stemmer_length(stemmer));
}

std::string WordSplitter::Impl::MakeTerm(absl::string_view raw,
                                         Language language) {
  if (stop_words.Contains(raw, language) || IsIdleNumber(raw)) return "";
  if (language == Language::kFrench) {
    raw = WithoutElision(raw);
    if (stop_words.Contains(raw, language)) return "";
  }
  std::string word(raw);
  if (language == Language::kEnglish) word = WithoutAccents(std::move(word));
  word = WithoutAccents(Stem(word, language));
  word.erase(std::remove(word.begin(), word.end(), '\''), word.end());
  return word.size() < 2 ? "" : word;
}

WordSplitter::WordSplitter() : impl_(std::make_unique<Impl>()) {}
WordSplitter::~WordSplitter() = default;

std::vector<std::string> WordSplitter::RawWords(absl::string_view text) {
  const std::string plain = PlainText(text.substr(0, kMaxTextBytes));
  std::vector<std::string> words;
  if (IsAscii(plain)) {
    // The runs are what UAX 29 gives for ASCII.
    AppendRuns(absl::AsciiStrToLower(plain), &words);
    return words;
  }
  const icu::UnicodeString folded = CaseFolded(plain);
  impl_->breaks->setText(folded);
  int32_t begin = impl_->breaks->first();
  for (int32_t end = impl_->breaks->next();
       end != icu::BreakIterator::DONE && words.size() < kMaxWordsPerText;
       begin = end, end = impl_->breaks->next()) {
    if (impl_->breaks->getRuleStatus() < UBRK_WORD_NONE_LIMIT) continue;
    AppendRuns(ToUtf8(folded.tempSubStringBetween(begin, end)), &words);
  }
  return words;
}

Language WordSplitter::GuessLanguage(absl::Span<const std::string> raw) const {
  std::array<int, kNumLanguages> hits{};
  for (const std::string& word : raw) {
    const uint8_t languages = impl_->stop_words.Languages(word);
    for (int i = 0; i < kNumLanguages; ++i) hits[i] += languages >> i & 1;
  }
  const auto best = std::max_element(hits.begin(), hits.end());
  if (*best < kMinForeignStopWords) return Language::kEnglish;
  return static_cast<Language>(best - hits.begin());
}

std::string WordSplitter::Term(absl::string_view raw, Language language) {
  if (raw.empty() || raw.size() > kMaxWordBytes) return "";
  auto& terms = impl_->terms[static_cast<int>(language)];
  const auto known = terms.find(raw);
  if (known != terms.end()) return known->second;
  if (terms.size() >= kMaxRememberedStems) terms.clear();
  return terms.emplace(raw, impl_->MakeTerm(raw, language)).first->second;
}

std::vector<std::string> WordSplitter::Words(absl::string_view text) {
  const std::vector<std::string> raw = RawWords(text);
  const Language language = GuessLanguage(raw);
  std::vector<std::string> terms;
  for (const std::string& word : raw) {
    std::string term = Term(word, language);
    if (!term.empty()) terms.push_back(std::move(term));
  }
  return terms;
}

std::string WordSplitter::FoldName(absl::string_view name) {
  name = name.substr(0, 4 * kMaxWordBytes);
  std::string folded = IsAscii(name) ? absl::AsciiStrToLower(name)
                                     : WithoutAccents(ToUtf8(CaseFolded(name)));
  absl::RemoveExtraAsciiWhitespace(&folded);
  size_t size = std::min(folded.size(), kMaxWordBytes);
  if (size < folded.size()) {
    while (size > 0 && (folded[size] & 0xC0) == 0x80) --size;
  }
  folded.resize(size);
  return folded;
}

}  // namespace usher
