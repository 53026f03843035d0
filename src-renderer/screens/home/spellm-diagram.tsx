import { strings } from '../../strings/index.ts'
import './spellm-diagram.css'

const words = strings.home.diagram

const trunk = { x: 20, y: 46, width: 96, height: 128 }
const headX = 156
const spellmX = 366
const cellHeight = 26

/** What changes when a base model becomes a SpeLLM: its head, and nothing else. */
export function SpellmDiagram() {
  return (
    <svg
      className="spellm-diagram"
      role="img"
      aria-label={words.label}
      viewBox="0 0 706 200"
      preserveAspectRatio="xMidYMid meet"
    >
      <BaseModel />
      <line className="diagram-divider" x1={spellmX - 16} x2={spellmX - 16} y1={14} y2={186} />
      <g transform={`translate(${spellmX} 0)`}>
        <Spellm />
      </g>
    </svg>
  )
}

function BaseModel() {
  return (
    <>
      <text className="diagram-title" x={trunk.x} y={26}>
        {words.base}
      </text>
      <Trunk label={words.trunk} />
      <Arrow x={trunk.x + trunk.width} />
      <rect className="diagram-large" x={headX} y={trunk.y} width={78} height={trunk.height} rx={6} />
      <text className="diagram-strong" x={headX + 39} y={106} textAnchor="middle">
        {words.head}
      </text>
      <text x={headX + 39} y={125} textAnchor="middle">
        {words.headSize}
      </text>
      {words.tokens.map((token, index) => (
        <text key={token} className="diagram-mono" x={headX + 90} y={62 + index * cellHeight}>
          {token}
        </text>
      ))}
    </>
  )
}

function Spellm() {
  const headsX = headX + 4
  return (
    <>
      <text className="diagram-title" x={trunk.x} y={26}>
        {words.spellm}
      </text>
      <Trunk label={words.sameTrunk} />
      <Arrow x={trunk.x + trunk.width} />
      {words.symbols.map((symbol, index) => {
        const y = trunk.y + index * 33.5
        return (
          <g key={symbol}>
            <rect className="diagram-small" x={headsX} y={y} width={22} height={27} rx={4} />
            <text className="diagram-mono" x={headsX + 34} y={y + 19}>
              {symbol}
            </text>
          </g>
        )
      })}
      <text x={headsX} y={192}>
        {words.heads}
      </text>
      <path
        className="diagram-line"
        d={`M${headsX + 70} 50 q8 0 8 10 v40 q0 10 8 10 q-8 0 -8 10 v40 q0 10 -8 10`}
      />
      <text x={headsX + 96} y={98}>
        {words.lookedUp}
      </text>
      <text className="diagram-result" x={headsX + 96} y={122}>
        {words.result}
      </text>
    </>
  )
}

function Trunk({ label }: { readonly label: string }) {
  return (
    <>
      <rect className="diagram-trunk" {...trunk} rx={6} />
      <text x={trunk.x + trunk.width / 2} y={115} textAnchor="middle">
        {label}
      </text>
    </>
  )
}

function Arrow({ x }: { readonly x: number }) {
  return <path className="diagram-line" d={`M${x + 8} 110 h22 m-6 -5 l6 5 l-6 5`} />
}
