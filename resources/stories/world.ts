import { linesOf } from './plot.ts'
import type { Random } from '../../src-main/base/random.ts'
import { animals, elders, femaleNames, friendsFrom, hobbies, maleNames, traits } from './words/characters.ts'
import { timesOfDay, weatherOfSeason } from './words/nature.ts'
import { homes, spots } from './words/places.ts'
import { foods, looks, things } from './words/things.ts'

type Pronoun = 'he' | 'she'

const formsOf: Readonly<Record<Pronoun, readonly [him: string, his: string, himself: string]>> = {
  he: ['him', 'his', 'himself'],
  she: ['her', 'her', 'herself'],
}

const numbers = linesOf('two\nthree\nfour\nfive\nsix\nseven\neight\nnine\neleven\ntwelve\ntwenty')

/**
 * Draws who and what a story is about: slot name → text, the same wherever the story mentions it.
 * The friend never has the hero's pronoun, so "he" and "she" always say who is meant.
 */
export function drawWorld(random: Random): Map<string, string> {
  const heroPronoun = random.pick(['he', 'she'] as const)
  const hero = drawCharacter(random, heroPronoun)
  const friend = drawCharacter(random, heroPronoun === 'he' ? 'she' : 'he', hero.kind)
  const [elder, elderPronoun, elderWho] = random.pick(elders)
  const [inHome, inTown] = random.pick(homes)
  const [thing, thing2] = pickTwo(random, things)
  const [look, look2] = pickTwo(random, looks)
  const [spot, spot2] = pickTwo(random, spots)

  const facts = new Map<string, string>()
  tellCharacter(facts, '', hero)
  tellCharacter(facts, 'f', friend)
  facts.set('hero', hero.name).set('friend', friend.name).set('kind', hero.kind)
  facts.set(
    'friendintro',
    `${friend.name} ${friend.isAnimal ? `the ${friend.kind}` : random.pick(friendsFrom)}`,
  )
  facts.set('elder', elder).set('elderwho', elderWho)
  facts.set('ehe', elderPronoun).set('ehim', formsOf[elderPronoun][0]).set('ehis', formsOf[elderPronoun][1])
  facts.set('inhome', inHome).set('home', withoutFirstWord(inHome))
  facts.set('intown', inTown).set('town', withoutFirstWord(inTown)).set('trait', random.pick(traits))
  facts.set('hobby', random.pick(hobbies))
  facts.set('season', random.pick(Object.keys(weatherOfSeason)))
  facts.set('time', random.pick(timesOfDay)).set('food', random.pick(foods))
  facts.set('thing', thing).set('thing2', thing2).set('looks', look).set('looks2', look2)
  facts.set('spot', spot).set('spot2', spot2).set('number', random.pick(numbers))
  return facts
}

/** Draws the weather last, because a plot may need its own season. */
export function drawWeather(random: Random, facts: Map<string, string>): void {
  facts.set('weather', random.pick(weatherOfSeason[facts.get('season')!]!))
}

const withoutFirstWord = (phrase: string): string => phrase.slice(phrase.indexOf(' ') + 1)

interface Character {
  readonly name: string
  readonly pronoun: Pronoun
  readonly kind: string
  readonly hands: string
  readonly isAnimal: boolean
}

function drawCharacter(random: Random, pronoun: Pronoun, otherKind?: string): Character {
  const name = random.pick(pronoun === 'he' ? maleNames : femaleNames)
  if (random.chance(0.4)) {
    return { name, pronoun, kind: pronoun === 'he' ? 'boy' : 'girl', hands: 'hands', isAnimal: false }
  }
  const others = animals.filter((animal) => animal.kind !== otherKind)
  return { name, pronoun, ...random.pick(others), isAnimal: true }
}

function tellCharacter(facts: Map<string, string>, prefix: string, { pronoun, hands }: Character): void {
  const [him, his, himself] = formsOf[pronoun]
  facts.set(`${prefix}he`, pronoun).set(`${prefix}him`, him).set(`${prefix}his`, his)
  facts.set(`${prefix}himself`, himself).set(`${prefix}hands`, hands)
}

function pickTwo<Item>(random: Random, items: readonly Item[]): [Item, Item] {
  const first = random.below(items.length)
  const second = (first + 1 + random.below(items.length - 1)) % items.length
  return [items[first]!, items[second]!]
}
