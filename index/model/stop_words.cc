#include "index/model/stop_words.h"

#include "absl/strings/str_split.h"

namespace usher {
namespace {

constexpr absl::string_view kWords[kNumLanguages] = {
    "a about above after again against all also am an and any are aren't as at "
    "be because been before being below between both but by can can't cannot "
    "could couldn't did didn't do does doesn't doing don't down during each "
    "few for from further had hadn't has hasn't have haven't having he he's "
    "her here here's hers herself him himself his how i i'd i'll i'm i've if "
    "in into is isn't it it's its itself just let's me more most my myself no "
    "nor not now of off on once only or other our ours ourselves out over own "
    "please same she she's should shouldn't so some such than that that's the "
    "their theirs them themselves then there there's these they they're "
    "they'll this those through to too under until up us very was wasn't we "
    "we'd we'll we're we've were weren't what what's when where which while "
    "who whom why will with won't would wouldn't you you'd you'll you're "
    "you've your yours yourself yourselves am pm amp",
    "aber alle allem allen aller alles als also am an ander andere anderen "
    "auch auf aus bei beim bin bis bist da damit dann das dass dein deine dem "
    "den denn der des dich die dies diese diesem diesen dieser dieses dir doch "
    "dort du durch ein eine einem einen einer eines er es etwas euch euer eure "
    "für gegen habe haben hat hatte hier hin hinter ich ihm ihn ihnen ihr ihre "
    "ihrem ihren ihrer im in ins ist jede jedem jeden jeder jedes jetzt kann "
    "kein keine keinen können könnt man mehr mein meine mich mir mit muss nach "
    "nicht nichts noch nun nur ob oder ohne sehr sein seine seinen seiner sich "
    "sie sind so soll sondern sonst über um und uns unser unsere unseren "
    "unter viel vom von vor war waren was weil welche wenn werde werden wie "
    "wieder will wir wird wirst wo zu zum zur zwischen uhr bitte",
    "à ai alors au aucun aussi autre aux avant avec avez avoir avons bien car "
    "ce cela ces cet cette ceux chez comme comment dans de depuis des deux "
    "dont du elle elles en encore entre est et étaient était été être eu fait "
    "il ils je jusqu la là le les leur leurs lui ma mais me même mes moi mon "
    "ne nos notre nous on ont ou où par pas pendant peu peut plus pour "
    "pourquoi puis qu quand que quel quelle quelles quels qui sa sans se sera "
    "ses si sommes son sont sous sur ta te tes toi ton tous tout toute toutes "
    "très tu un une vers vos votre vous y afin ainsi après donc lors lorsque",
    "a al algo algunas algunos ante antes aquí así aunque bajo bien cada como "
    "con contra cual cuando de del desde donde dos durante e el él ella ellas "
    "ellos en entre era es esa ese eso esta está estaba están estas este esto "
    "estos fue fueron ha había han hasta hay la las le les lo los más me mi "
    "mis mucho muy nada ni no nos nosotros nuestra nuestro o os otra otras "
    "otro otros para pero poco por porque puede que qué quien se sea ser si sí "
    "sin sobre son soy su sus también te tiene tienen todo todos tu tus un una "
    "unas uno unos usted y ya yo"};

}  // namespace

StopWords::StopWords() {
  for (int language = 0; language < kNumLanguages; ++language) {
    for (const absl::string_view word :
         absl::StrSplit(kWords[language], ' ', absl::SkipEmpty())) {
      languages_[word] |= static_cast<uint8_t>(1 << language);
    }
  }
}

uint8_t StopWords::Languages(absl::string_view word) const {
  const auto found = languages_.find(word);
  return found == languages_.end() ? 0 : found->second;
}

}  // namespace usher
