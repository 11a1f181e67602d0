extension LexiconData {
    /// Rooms, outdoor places, floors and furniture. One line: `name: words and phrases`.
    static let places = """
        kitchen: kitchen, kitchenette, galley, cooking area, cookhouse, kitchen diner, cook room
        living room: living room, lounge, sitting room, family room, front room, parlour, parlor, drawing room, den, snug
        living room: great room, tv room, television room, living area, salon, recreation room, rec room, living space
        bedroom: bedroom, bed room, sleeping room, sleeping area, bedchamber, master bedroom, main bedroom, sleeping quarters
        bedroom: primary bedroom, parents room, parents bedroom, master suite, boudoir
        main bedroom: master bedroom, main bedroom, primary bedroom, parents room, parents bedroom, master suite, our bedroom
        child room: kids room, child room, children's room, nursery, playroom, play room, baby room, baby's room, son's room
        child room: daughter's room, kids bedroom, children's bedroom, child's bedroom, teenager's room, boys room, girls room
        bathroom: bathroom, bath room, washroom, restroom, shower room, ensuite, en suite, wet room, wetroom, powder room
        bathroom: toilet, loo, wc, lavatory, master bath, half bath, guest bath, cloakroom, bath, water closet, shower
        toilet: toilet, loo, wc, lavatory, powder room, cloakroom, restroom, half bath, water closet, bidet, guest toilet
        shower: shower, showering, shower cabin, shower head, bathing, shower cubicle
        bathtub: bathtub, bath tub, tub, bath, bathing
        office: office, study, workroom, work room, home office, workplace, workspace, work place, study room, den
        office: work area, computer room, home work room, working room
        library: library, reading room, bookcase, bookshelf, bookshelves
        hallway: hallway, hall, corridor, entrance hall, entry hall, foyer, vestibule, lobby, passage, passageway, entryway
        hallway: landing, aisle, mudroom, mud room, entry, entrance area, cloak room
        entrance: entrance, entry, entryway, front door, main door, main entrance, doorway, entrance door, house door
        entrance: front entrance, porch, front porch, doorstep, apartment door, way in, entrance hall, foyer
        stairs: stairs, stair, staircase, stairway, stairwell, steps, flight of stairs, landing
        dining room: dining room, dining area, dinner room, breakfast room, dining hall, eating area, breakfast nook
        dining: dining, dining room, dining table, dinner table, dining area, breakfast table, kitchen table, dinner room
        basement: basement, cellar, lower level, crawl space, crawlspace, underground room, downstairs storage, vault
        wine cellar: wine cellar, wine fridge, wine cooler, wine room
        attic: attic, loft, roof space, garret, top floor, roof, under the roof, attic room
        garage: garage, carport, car port, car shelter, parking garage, car garage, parking, parking space
        laundry: laundry, utility room, laundry room, utility, scullery, wash house, washhouse, washing room
        pantry: pantry, larder, storeroom, storage room, store room, storage, store cupboard, box room, food storage
        closet: closet, wardrobe, dressing room, walk in closet, cupboard, cabinet, armoire
        garden: garden, yard, backyard, back yard, back garden, front yard, front garden, grounds, lawn, allotment
        garden: flower bed, flowerbed, vegetable patch, orchard, rear garden, courtyard
        terrace: terrace, patio, deck, veranda, verandah, lanai, decking, sun deck, roof terrace
        balcony: balcony, loggia, terrace
        driveway: driveway, drive, car entrance, forecourt, front of the house, in front of the house, drive way
        porch: porch, front porch, doorstep, stoop, back porch, portico, entrance, front step
        outdoor: outdoor, outdoors, outside, exterior, garden, yard, backyard, back yard, patio, terrace, balcony, porch
        outdoor: driveway, external, open air, facade, street, deck, lawn, front porch, out of doors, veranda, pavement
        indoor: indoor, indoors, inside, interior
        guest room: guest room, spare room, spare bedroom, guest bedroom, visitor's room, guest, guests, visitor, visitors
        gym: gym, fitness room, workout room, exercise room, home gym, workout, treadmill, exercise bike, gymnasium
        pool: pool, swimming pool, swim, swimming, pond
        hot tub: hot tub, jacuzzi, whirlpool, spa, hottub
        sauna: sauna, steam room, steam bath
        shed: shed, workshop, outhouse, barn, toolshed, tool shed, summer house, summerhouse, hut, outbuilding, hobby room
        greenhouse: greenhouse, conservatory, glasshouse, sunroom, sun room, winter garden, orangery, hothouse
        upstairs: upstairs, upper floor, first floor, second floor, top floor, up the stairs, upper level
        downstairs: downstairs, ground floor, lower floor, main floor, down the stairs
        house: house, home, whole house, household, entire house, whole home, apartment, flat, everywhere, residence, dwelling
        room: room, chamber
        bed: bed, mattress, bedside, in bed, cot, crib, bunk, nightstand, night stand, bedside table, headboard, pillow
        bedside: bedside, nightstand, night stand, bedside table, beside the bed, next to the bed, night table, reading lamp
        sofa: sofa, couch, settee, loveseat, armchair, recliner, divan, chesterfield, sofa bed, futon
        chair: chair, seat, armchair, stool, bench
        desk: desk, work table, writing table, workbench, bureau, desktop, writing desk
        table: table, tabletop, worktop, counter, countertop, kitchen island, island
        gate: gate, driveway gate, garden gate, barrier, fence, entrance gate, gateway gate
        roof: roof, rooftop, skylight, roof window
        ceiling: ceiling, overhead, pendant, chandelier, hanging lamp, hanging light
        wall: wall, sconce, wall mounted
        floor standing: floor lamp, standard lamp, standing lamp, uplighter, torchiere
        """
}
