import { describe, expect, it } from 'vitest'
import { checkLinks, checkRules, findLinks, headingIds } from './doc-rules.ts'

describe('links of documents', () => {
  it('are found in text, images and definitions, but not in code', () => {
    const markdown = '[a](a.md) ![b](b.png "title") `[c](c.md)`\n\n```\n[d](d.md)\n```\n\n[e]: e.md'
    expect(findLinks(markdown)).toEqual(['a.md', 'b.png', 'e.md'])
  })

  it('are held against files and headings, relative to the document', () => {
    const documents = new Map([
      ['README.md', '[there](docs/a.md#two-words) [self](#top)\n# Top'],
      ['docs/a.md', '## Two words\n[up](../README.md) [code](../src/x.ts)'],
    ])
    expect(checkLinks(documents, (path) => path === 'src/x.ts')).toEqual([])
  })

  it('that lead nowhere are told with the document they stand in', () => {
    const documents = new Map([
      ['README.md', '[gone](gone.md) [no heading](docs/a.md#nope) [web](https://example.org/x)'],
      ['docs/a.md', '# A'],
    ])
    expect(checkLinks(documents, () => false)).toEqual([
      { file: 'README.md', message: 'gone.md leads nowhere' },
      { file: 'README.md', message: 'docs/a.md#nope names no heading of docs/a.md' },
    ])
  })

  it('find headings by the ids that GitHub makes, repeated ones numbered', () => {
    expect([...headingIds('# What `it` is, really?\n## Same\n## Same')]).toEqual([
      'what-it-is-really',
      'same',
      'same-1',
    ])
  })
})

describe('rules of a SPEC.md', () => {
  const specs = new Map([['SPEC.md', '- **BR1** offsets rise by one.\n- **BR2** one more.']])

  it('agree with tests that name them, alone or several at a time', () => {
    expect(checkRules(specs, new Map([['a.test.ts', "it('[BR1, BR2] holds')"]]))).toEqual([])
  })

  it('are missed where no test names them, and so are rules that only tests know', () => {
    expect(checkRules(specs, new Map([['a.test.ts', "it('[BR1] holds')\nit('[XX9] holds')"]]))).toEqual([
      { file: 'SPEC.md', message: 'BR2 is named by no test' },
      { file: 'a.test.ts', message: '[XX9] is no rule of a SPEC.md' },
    ])
  })

  it('have one definition each', () => {
    const twice = new Map([['SPEC.md', '- **BR1** this.\n- **BR1** that.']])
    expect(checkRules(twice, new Map([['a.test.ts', "it('[BR1] holds')"]]))).toEqual([
      { file: 'SPEC.md', message: 'BR1 is defined twice' },
    ])
  })
})
