import {expect, test} from 'vitest'
import {renderCertificate} from '../../../cli/render/certificate.ts'
import {certified} from './certified.ts'

const page = renderCertificate(certified)

test('it says what was played, answered and measured, and no more', () => {
  expect(page).toContain('has played 1 of 3 lessons')
  expect(page).toContain('<dt>questions answered</dt><dd>2 of 3</dd>')
  expect(page).toContain('<dt>right at once</dt><dd>1</dd>')
  expect(page).toContain('<dt>own runs measured</dt><dd>1</dd>')
  expect(page).toContain('2 of 3 questions, 2 wrong before, 1 hint, 2 passed over')
  expect(page).toMatch(
    /25 s<\/td>\s*<td data-label="the model">19\.0 to 24\.9 s<\/td>\s*<td data-label="own run"><b>22\.56 s/,
  )
  expect(renderCertificate({...certified, lessons: certified.lessons.slice(0, 1)})).toContain('has played every lesson')
})

test('nothing that was typed becomes markup', () => {
  expect(page).not.toContain('<b>L.</b>')
  expect(page).toContain('Ada &lt;b&gt;L.&lt;/b&gt;')
  expect(page).toContain('Who leads &lt;next&gt;?')
})

test('it needs nothing else, and may run nothing', () => {
  expect(page).toContain("default-src 'none'; style-src 'unsafe-inline'")
  expect(page).not.toMatch(/<script|https?:|@import|url\(/)
})
