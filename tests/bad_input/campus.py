"""Bad input for the campus."""

import numpy as np

from tests.bad_input.kinds import also, call, generator, other
from v2g_nb import campus

T = 96
ZERO = np.zeros(T)
CAMPUS = campus.Campus.calibrated()
FLEET = campus.Fleet(T, [30, 31], [64, 66], [0.4, 0.5], [0.8, 0.8], hours=0.25)
GAME = CAMPUS.game(FLEET, 1e-3)
PLAN = FLEET.plug_and_charge()
# NaN and infinity must fail as a certificate, not raise.
ANY_PLAN = other(PLAN, PLAN[:1], [1.0, 2.0], [[1.0, 2.0], [1.0]], PLAN.astype(str), PLAN > 0)
RULES = campus.FleetRules(cars=20)
RECORD = campus.run_protocol(CAMPUS, FLEET, 1e-3, 1, np.random.default_rng(1))
MONEY = CAMPUS.settle_before(FLEET)
EQUILIBRIUM = campus.solve_fleet(GAME)
WEIGHTS = {"deviation_weight": 1e-3, "soc_weight": 0.0, "hard_target": True}

CALLS = [
    call(
        campus.Fleet,
        slots=T,
        arrival=also([30, 31], [96, 31], [64, 31]),
        departure=also([64, 66], [97, 66], [30, 66]),
        soc_start=also([0.4, 0.5], [0.1, 0.5], [1.1, 0.5]),
        soc_target=also([0.8, 0.8], [0.1, 0.8], [1.1, 0.8]),
        capacity_kwh=also([80.0, 60.0], [80.0], [80.0, 60.0, 40.0]),
        power_kw=also([22.0, 11.0], [22.0], [22.0, 11.0, 7.0]),
        soc_low=0.2,
        soc_high=also(1.0, 0.2),
        hours=0.25,
    ),
    call(FLEET.chosen, cars=also([0, 1], [0, 2])),
    call(
        campus.FleetRules,
        cars=200,
        slots=T,
        arrival_mean=also(32.0, 96.5),
        arrival_std=4.0,
        stay_mean=also(32.0, 9.5, 96.5),
        stay_std=5.0,
        stay_least=also(10, 97),
        soc_mean=also(0.4, 0.71),
        soc_std=0.1,
        soc_least=0.2,
        soc_most=0.7,
        soc_target=0.8,
        capacity_kwh=80.0,
        power_kw=22.0,
        willing=0.8,
        safety=1.2,
    ),
    call(RULES.needed, peak_kw=206.0),
    call(campus.draw_fleet, rules=RULES, rng=generator()),
    call(campus.draw_real_fleet, rules=RULES, rng=generator()),
    call(campus.select_cars, fleet=FLEET, request_kw=also(CAMPUS.request_kw, ZERO), rules=RULES, rng=generator()),
    call(campus.FleetGame, fleet=FLEET, request_kw=ZERO, baseline_kw=ZERO, price_base=1e-3, **WEIGHTS),
    call(GAME.price, total_kw=ZERO),
    call(GAME.paid, total_kw=ZERO),
    call(GAME.car_costs, plan_kw=PLAN, printed=False),
    call(campus.regret_bounds, game=GAME, plan_kw=ANY_PLAN),
    call(campus.certify_fleet, game=GAME, plan_kw=ANY_PLAN, tol=1e-6),
    call(campus.solve_liebmann, game=GAME, order="random", rng=generator(), tol=1e-3, max_iter=50),
    call(campus.solve_fleet, game=GAME, certify=True, start_kw=PLAN),
    call(campus.printed_best_response, game=GAME, plan_kw=PLAN, car=also(0, 2), tol=1e-6, max_iter=2),
    call(
        campus.Campus,
        load_kw=ZERO,
        pv_kw=ZERO,
        grid_price_eur_per_kwh=ZERO,
        request_kw=ZERO,
        baseline_kw=ZERO,
        peak_price_eur_per_kw=0.2,
        fee_share=0.6,
        retail_eur_per_kwh=0.4,
        hours=0.25,
    ),
    call(CAMPUS.game, fleet=FLEET, price_base=1e-3),
    call(CAMPUS.bill, exchange_kw=ZERO),
    call(CAMPUS.settle, game=GAME, plan_kw=PLAN),
    call(CAMPUS.settle_before, fleet=FLEET, baseline="plug"),
    call(
        campus.Money,
        cars_eur=[1.0, 2.0],
        discharged_kwh=[0.0, 0.0],
        aggregator_grid_eur=1.0,
        building_energy_eur=1.0,
        building_peak_eur=1.0,
        fee_eur=1.0,
    ),
    call(campus.gains, before=MONEY, after=MONEY, wear_eur_per_kwh=0.1),
    call(campus.profit_slope, campus=CAMPUS, game=GAME, found=EQUILIBRIUM),
    call(
        campus.solve_aggregator_price, campus=CAMPUS, fleet=FLEET, low=1e-4, high=also(1e-2, 1e-5), cap=0.72, points=3
    ),
    call(
        campus.gradient_ascent,
        campus=CAMPUS,
        game=GAME,
        low=1e-4,
        high=also(1e-2, 1e-5),
        perturbation=also(1e-5, 1e-4),
        rate=1e-9,
        tol=1e-3,
    ),
    call(campus.Record().post, sender=also("EV 1", "Police"), receiver=also("EVA", "EMS"), what=also("plan", "money")),
    call(RECORD.seen_by, agent="EMS"),
    call(RECORD.infer_car, car=also(0, 7), hours=0.25),
    call(campus.run_protocol, campus=CAMPUS, fleet=FLEET, price_base=1e-3, sweeps=1, rng=generator()),
]
